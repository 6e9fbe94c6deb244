"""Write HTML: templates, pictures, numbers, the viewer of volumes."""
