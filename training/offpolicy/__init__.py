"""What nudging, holding and choosing between them are worth, from decisions that were drawn."""
