"""Why a change can't be approved or write, as types. People see the messages."""

from ..errors import WHO_WROTE, Refused, SnatbotError
from ..model.identity import Person, Role
from ..model.text import Text


class NotAuthorized(Refused):
    """A change may not write, or not any more."""


class LinkExpired(Refused):
    says = Text("This link has expired. The alert's next message has a new one.")


class SlackLinkUsed(LinkExpired):
    says = Text("This link was used already, or has expired. Ask for a new one in Slack.")


class LinkTampered(Refused):
    says = Text("This link was not made by this app, or was changed on its way. Open it from the alert again.")


class FormExpired(Refused):
    says = Text("This page is out of date, or was opened in another browser. Load it again and decide then.")


class DecisionForged(NotAuthorized):
    says = Text(
        "The stored approval does not carry this app's signature for this plan: nothing is changed. {who_wrote}",
        who_wrote=WHO_WROTE,
    )


class RecordsDisagree(NotAuthorized):
    """The change's row claims ``what``, but its audit or journal does not confirm it."""

    def __init__(self, what: Text) -> None:
        super().__init__(
            Text(
                "The change's records contradict each other, and nothing more is written: {what}. {who_wrote}",
                what=what,
                who_wrote=WHO_WROTE,
            )
        )


class ApprovalTooOld(NotAuthorized):
    """The approval is too old: the plan needs a new one."""


class SignInNeeded(Refused):
    says = Text("Possession of a link does not approve anything here. Sign in with your work account first.")


class SignInRefused(Refused):
    """``reason`` begins in lower case and says what about the sign-in can't be taken."""

    def __init__(self, reason: Text) -> None:
        super().__init__(Text("You are not signed in: {reason}. Open the alert's link and try again.", reason=reason))


class TokenRefused(SignInRefused):
    """The same, of an access token that a terminal sends."""

    def __init__(self, reason: Text) -> None:
        Refused.__init__(
            self, Text("You are not signed in: {reason}. Run `az login`, then the command again.", reason=reason)
        )


class NotFromSlack(Refused):
    says = Text("Slack did not sign this request for this app, or signed it more than five minutes ago.")


class EntraUnavailable(SnatbotError):
    def __init__(self, reason: Text) -> None:
        super().__init__(
            Text(
                "Entra ID can't be used just now: {reason}. Nobody was signed in; try again in a minute.", reason=reason
            )
        )


class NotPermitted(Refused):
    """Somebody signed in and may not do this; the message says what would be needed."""


class LinkWanted(NotPermitted):
    """A Slack account that is not linked, or whose app roles were seen too long ago; a new link mends both."""


class StepUpNeeded(NotPermitted):
    says = Text("This plan needs a fresh sign-in: sign in again for it, and approve within 5 minutes of that.")


class StepUpRefused(NotPermitted):
    """Somebody signed in again, which does not count for the approval."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            Text("This sign-in does not count for an approval: {reason}. Open the change again.", reason=reason)
        )


class KeyNotEnough(NotPermitted):
    """``command``: of the terminal."""

    def __init__(self, command: str) -> None:
        super().__init__(
            Text(
                "People sign in here, so a function key alone reads and stops, and does nothing else. Run `az login` "
                "and `python -m shared.cli {command}`: that acts as you.",
                command=command,
            )
        )


class LinkNeeded(NotPermitted):
    says = Text(
        "Nobody signs in here (APPROVAL_MODE is link). A page opens by its link from a message, for an hour. "
        "`GET /api/fleet/open` with the function key opens all pages."
    )


class GuestRefused(NotPermitted):
    def __init__(self, name: str) -> None:
        super().__init__(
            Text(
                "{name} is a guest in this tenant, and guests are not admitted here. Sign in with an account of this "
                "tenant; the owner can set ALLOW_GUESTS=on.",
                name=name,
            )
        )


class RoleMissing(NotPermitted):
    """``client_id``: of this app's registration. Source of the command: Graph, user: post appRoleAssignments."""

    def __init__(self, person: Person, role: Role, act: Text, client_id: str) -> None:
        find = f"az ad sp show --id {client_id} -o tsv --query"
        body = (
            f'{{"principalId":"{person.object_id}","resourceId":"\'$({find} id)\'",'
            f'"appRoleId":"\'$({find} "appRoles[?value==\'{role}\'].id")\'"}}'
        )
        url = f"https://graph.microsoft.com/v1.0/users/{person.object_id}/appRoleAssignments"
        super().__init__(
            Text(
                "{name} lacks the app role {role}, which is needed to {act}. An administrator can grant it with "
                "`{command}`; then sign in again.",
                name=person.name,
                role=role.value,
                act=act,
                command=f"az rest --method post --url {url} --body '{body}'",
            )
        )


class RemediationOff(NotAuthorized):
    says = Text("This app only watches: REMEDIATION is off, so nothing can be approved or applied.")
