"""The driver runs in the interpreter of the CRM, not in this one."""

collect_ignore = ["bottlecrm.py"]
