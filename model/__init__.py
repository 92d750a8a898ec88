"""The reader of handwritten digits. `model.reader` is the door; nothing in this package knows of Streamlit."""
