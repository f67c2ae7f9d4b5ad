"""One video from its signals to events, and to the files and the page about them."""
