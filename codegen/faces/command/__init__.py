"""The commands of `pullback`, a file each: its arguments (`add`) and what it does (`run`)."""
