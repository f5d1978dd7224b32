"""Imports the admin pages of all apps, in the order of INSTALLED_APPS: an upper app adds to the pages of a lower one."""

from django.contrib import admin

admin.autodiscover()
