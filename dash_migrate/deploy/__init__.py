"""The project around the Python code: dependencies, start commands, hosts, notebooks, docs."""
