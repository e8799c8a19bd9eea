from django.urls import path

from games.feeds import views

urlpatterns = [
    path("me/calendar/", views.calendar, name="calendar"),
    path("me/calendar/new/", views.new_address, name="calendar-new"),
    path("me/calendar/delete/", views.delete, name="calendar-delete"),
    path("calendars/<slug:token>.ics", views.feed, name="calendar-feed"),
]
