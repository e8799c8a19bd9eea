"""The admin of people, with the action that forgets one of them."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext, gettext_lazy

from games.privacy import wording
from games.privacy.actions import forget_person, prospect
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.admin import UserAdmin
from guilds.http import ViewerRequest
from guilds.models import User

admin.site.unregister(User)


@admin.register(User)
class PersonAdmin(UserAdmin):
    """Admin for people, from which superusers forget whoever asks them to."""

    actions = ("forget",)

    @admin.action(description=gettext_lazy("Forget the selected person …"), permissions=["change"])
    def forget(self, request: ViewerRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        """Show what forgetting does and keeps; forget once that is confirmed. One at a time: it cannot be undone."""
        people = list(queryset.order_by("pk")[:2])
        if len(people) != 1:
            self.message_user(request, gettext(wording.ONE_AT_A_TIME), messages.ERROR)
            return None
        [person], problem = people, ""
        if "confirmed" in request.POST:
            try:
                forget_person(person.pk, db_now())
            except Refused as refused:
                problem = refused.refusal.sentence
            else:
                self.message_user(request, wording.forgotten_by_command(person.pk))
                return None
        numbers = prospect(person, db_now()).counts
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Forget %(name)s?") % {"name": person.display_name},
            "opts": self.opts,
            "person": person,
            "counts": [(numbers[what], gettext(text)) for what, text in wording.COUNTS.items() if numbers[what]],
            "problem": problem,
        }
        return TemplateResponse(request, "admin/guilds/user/forget.html", context, status=422 if problem else 200)
