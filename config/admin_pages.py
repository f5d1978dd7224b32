"""Imports the admin pages in the order of INSTALLED_APPS: upper apps add to those of lower ones."""

from django.contrib import admin

admin.autodiscover()
