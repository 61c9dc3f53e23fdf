"""The shipped definitions, one TOML file a layer; a new file here is a new layer."""
