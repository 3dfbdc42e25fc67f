"""What the interop tests are written with. Start reading at veredus.py."""
