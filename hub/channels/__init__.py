"""The ways out of the hub: one file each."""
