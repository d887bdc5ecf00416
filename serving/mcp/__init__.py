"""For assistants: the Model Context Protocol at `/mcp`, over the same routes as everybody else."""
