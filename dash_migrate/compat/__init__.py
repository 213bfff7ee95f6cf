"""The compatibility report: what each backend means for each app of a project, with its evidence.

``build`` puts it together; ``dash_migrate/reports/compat_*.py`` show it.
"""
