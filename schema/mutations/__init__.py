"""The mutations, by topic; `root` lists them. Each reads the input, calls the use case, and shows its answer."""
