"""Settings of preparing: what is read, how it is cleaned, on which grid it lands."""
