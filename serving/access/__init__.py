"""Who may ask for what: keys, people who sign in, limits, and the record of what they did."""
