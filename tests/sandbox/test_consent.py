"""The consent page: escaped, without scripts, and it leads back where the application said."""

from channels.sandbox.consent import consent_page, read_choice, send_back
from channels.sandbox.wire import Call, Request
from channels.sandbox.world import World
from tests.sandbox.invented import SHOP, make_world, stall


def _posted(world: World, body: bytes) -> Call:
    request = Request(method="POST", path="/x", query_string="", headers={}, body=body)
    return Call(world=world, request=request, arguments={})


def test_everything_on_the_page_is_escaped_and_nothing_runs() -> None:
    world = make_world(stall())
    back = 'https://hub.example/callback?a="><script>1</script>'
    answer = consent_page(
        title="Allow <b>", application="<script>alert(1)</script>", sellers=world.sellers_of("stall"),
        hidden={"redirect_uri": back, "state": '"><img src=x>'},
    )  # fmt: skip
    page = answer.body.decode()
    assert "<script" not in page
    assert "<img" not in page
    assert 'value="allow"' in page
    assert f'value="{SHOP}"' in page
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("form-action 'self' https://hub.example")


def test_a_choice_needs_a_known_seller_and_a_yes() -> None:
    world = make_world(stall())
    yes = read_choice(_posted(world, f"decision=allow&seller={SHOP}&state=s".encode()))
    assert yes.allowed
    assert yes.seller is world.sellers[SHOP]
    assert yes.fields == {"state": "s"}
    for body in (f"decision=deny&seller={SHOP}", "decision=allow&seller=nobody", f"seller={SHOP}", ""):
        assert not read_choice(_posted(world, body.encode())).allowed


def test_the_browser_goes_back_with_the_platforms_parameters() -> None:
    answer = send_back(
        redirect_uri="http://hub.example/back?tab=1#top", parameters={"code": "a b", "state": "ß"}
    )
    assert answer.status == 302
    assert answer.headers["Location"] == "http://hub.example/back?tab=1&code=a+b&state=%C3%9F"
