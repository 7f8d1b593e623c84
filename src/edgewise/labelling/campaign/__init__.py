"""A labelling campaign: one file that holds every verdict, who gave it, and why the item was chosen."""
