"""What the two papers built, made playable: composition, separation and the checkpoints they load."""
