"""What people see: the console, the live view, tables and pages."""
