"""The cookie that proves a sign-in: what streamlit-authenticator signs, and how it is read back."""

from datetime import UTC, datetime

import jwt

COOKIE = "slipway"
SECRET = "cookie"  # noqa: S105 - the name of one


def cookie_key(secret: str, days: float) -> str:
    """Return what the cookie is signed with; a changed number of days ends all cookies."""
    return f"{secret}:{days}"


def sign_in_of(token: str, key: str) -> str:
    """Return the id of the sign-in that a cookie carries, empty where it proves none."""
    try:
        claims = jwt.decode(token, key, algorithms=["HS256"])
    except jwt.InvalidTokenError:  # forged, or signed by an earlier key
        return ""
    found, ends = claims.get("username"), claims.get("exp_date")
    if not isinstance(found, str) or not isinstance(ends, int | float):
        return ""
    return found if datetime.now(UTC).timestamp() < ends else ""
