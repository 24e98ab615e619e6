"""Twelve-bar blues by LSTM (Eck & Schmidhuber 2002): form, encoding, networks, generation, rendering."""
