"""What the floor of supply shows to the world: the pages of posting instructions."""
