"""The local review page: which groups, what is said of them, and the server that shows them on this machine only."""
