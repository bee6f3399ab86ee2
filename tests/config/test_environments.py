"""[env.NAME]: laid over the base, with a ledger, a cache and credentials of its own."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from reviewer_cli.config.environments import FOLDER, keep_apart, refuse_shared
from reviewer_cli.config.load import Loaded, load
from reviewer_cli.core.leaks import KnownSecrets
from reviewer_cli.errors import ConfigurationError, ReviewerError, UsageError

STAGING, PROD = "canary-0123456789-staging", "canary-9876543210-prod"
FILE = """
repositories = ["acme/*"]
[sweep]
batch_size = 2
limit = 20
[env.staging]
sweep.limit = 5
github.token = "${env:STAGING}"
[env.prod]
repositories = ["acme/shop"]
github.token = "${env:PROD}"
"""


class House:
    """A reviewer.toml and the variables of a process that reads it."""

    def __init__(self, root: Path) -> None:
        self.file, self.state = root / "reviewer.toml", root / "state"
        self.variables = {
            "REVIEWER_STATE_DIR": str(self.state),
            "REVIEWER_CACHE_DIR": str(root / "cache"),
        }
        self.file.write_text(FILE)

    def load(self, name: str | None = None, **variables: str) -> Loaded:
        return load(self.file, self.variables | variables, name)

    def run(self, name: str | None = None, **variables: str) -> None:
        keep_apart(self.load(name), self.variables | variables)

    def refusal(self, name: str, **variables: str) -> str:
        """Why this run is refused, by whoever only looks and by whoever runs."""
        said = []
        for look in (refuse_shared, keep_apart):
            with pytest.raises(ReviewerError) as refused:
                look(self.load(name), self.variables | variables)
            assert refused.value.exit_code == 78
            said.append(str(refused.value))
        assert said[0] == said[1]
        assert "canary" not in said[0]
        return said[0]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


# ---- the overlay


def test_an_environment_is_laid_over_the_base_key_by_key(house: House) -> None:
    staging, prod, base = house.load("staging"), house.load("prod"), house.load()
    assert (staging.settings.sweep.batch_size, staging.settings.sweep.limit) == (2, 5)
    assert (prod.settings.sweep.batch_size, prod.settings.sweep.limit) == (2, 20)
    assert prod.repositories == ("acme/shop",)
    assert staging.repositories == base.repositories == ("acme/*",)
    assert base.settings.github.token is None
    assert (staging.environment, base.environment) == ("staging", None)
    assert [one.name for one in staging.others] == ["prod"]


def test_a_variable_chooses_where_the_command_line_does_not(house: House) -> None:
    assert house.load(REVIEWER_ENV="prod").environment == "prod"
    assert house.load("staging", REVIEWER_ENV="prod").environment == "staging"
    assert house.load(REVIEWER_ENV="").environment is None


@pytest.mark.parametrize("name", ["production", "", "Prod", "env", "../prod"])
def test_an_unknown_environment_is_refused_with_the_known_ones(house: House, name: str) -> None:
    with pytest.raises(UsageError, match="known are staging, prod"):
        house.load(name)
    house.file.write_text("")
    with pytest.raises(UsageError, match="there is none"):
        house.load(name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[env.prod.sweep]\nlimt = 1", "[env.prod] over the base: unknown key 'sweep.limt'; did"),
        ("[env.prod]\nenv.x.limit = 1", "[env.prod] over the base: unknown key 'env'"),
        ("[env.prod.github]\ntoken = 'canary'", "named, not written"),
        ("[env]\nprod = 1", "an environment is a table"),
        ("[env.'a/b']", "an environment's name is letters"),
        ("[env.'..']", "an environment's name is letters"),
        ("[evn.prod]", "unknown key 'evn'; did you mean 'env'?"),
    ],
)
def test_what_is_wrong_in_any_environment_is_refused_at_once(
    house: House, text: str, said: str
) -> None:
    house.file.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        house.load()
    assert said in str(refused.value)
    assert "canary" not in str(refused.value)


# ---- directories


def test_each_environment_has_directories_of_its_own(house: House) -> None:
    places = [house.load(name).directories(house.variables) for name in (None, "staging", "prod")]
    assert [state for state, _ in places] == [
        house.state,
        house.state / "env/staging",
        house.state / "env/prod",
    ]
    assert len({cache for _, cache in places}) == 3


def test_an_environment_may_name_its_own_directory(house: House, tmp_path: Path) -> None:
    own = tmp_path / "elsewhere"
    house.file.write_text(f'state_dir = "/srv/x"\n[env.prod]\nstate_dir = "{own}"\n[env.dev]\n')
    assert house.load("prod").directories({})[0] == own
    assert house.load("dev").directories({})[0] == Path("/srv/x/env/dev")
    assert house.load("dev").shared_state_dir({}) == Path("/srv/x")
    assert house.load().directories({})[0] == Path("/srv/x")


def test_two_environments_with_one_directory_are_refused(house: House) -> None:
    house.file.write_text(
        f'[env.a]\nstate_dir = "{house.state}/x"\n[env.b]\nstate_dir = "{house.state}/x"'
    )
    assert "environments a and b use one directory" in house.refusal("a")


# ---- credentials


def test_different_credentials_stay_apart_in_silence(house: House) -> None:
    for _ in range(2):
        house.run("staging", STAGING=STAGING, PROD=PROD)
        house.run("prod", STAGING=STAGING, PROD=PROD)


def test_a_credential_that_two_environments_resolve_to_is_refused(house: House) -> None:
    said = house.refusal("staging", STAGING=PROD, PROD=PROD)
    assert "environments staging and prod use one credential" in said
    assert "(github.token here, github.token there)" in said


def test_a_credential_that_another_environment_used_earlier_is_refused(house: House) -> None:
    house.run("prod", PROD=PROD)
    assert "staging and prod use one credential" in house.refusal("staging", STAGING=PROD)
    house.run("staging", STAGING=STAGING)


def test_different_settings_may_not_lead_to_one_credential_either(house: House) -> None:
    house.file.write_text(
        f"{FILE}\n[env.dev.github]\ntoken = '${{env:DEV}}'\nposting_token = '${{env:POST}}'\n"
    )
    house.run("dev", DEV=STAGING, POST=STAGING)
    assert "posting_token" in house.refusal("dev", DEV="another-one", POST=PROD, PROD=PROD)


def test_a_credential_that_nothing_names_counts_too(house: House) -> None:
    house.file.write_text("[env.prod]\n[env.dev]\n")
    house.run("prod", ANTHROPIC_API_KEY=PROD, GITHUB_TOKEN=STAGING)
    assert "engine.key here, engine.key there" in house.refusal("dev", ANTHROPIC_API_KEY=PROD)
    assert "github.token here" in house.refusal("dev", GITHUB_TOKEN=STAGING)
    assert "github.token here, engine.key there" in house.refusal("dev", GITHUB_TOKEN=PROD)


def test_a_new_credential_takes_the_old_ones_place(house: House) -> None:
    house.run("prod", PROD=PROD)
    house.run("prod", PROD="canary-of-another-day")
    house.run("staging", STAGING=PROD)


def test_what_cannot_be_had_now_is_remembered_from_before(house: House) -> None:
    house.run("prod", PROD=PROD)
    house.run("prod")
    house.refusal("staging", STAGING=PROD)


def test_the_base_settings_are_compared_with_nobody(house: House) -> None:
    house.run(None, GITHUB_TOKEN=PROD, STAGING=PROD, PROD=PROD)
    assert not house.state.exists()


def test_what_only_looks_leaves_nothing_behind(house: House) -> None:
    refuse_shared(house.load("staging"), house.variables | {"STAGING": STAGING, "PROD": PROD})
    assert not house.state.exists()


def test_what_is_remembered_is_private_and_holds_no_value(house: House) -> None:
    house.run("prod", PROD=PROD, STAGING=STAGING)
    known = KnownSecrets()
    for value in (PROD, STAGING):
        known.add(value)
    files = [path for path in house.state.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"key", "prod.json"}
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert known.found(path.read_bytes().decode("latin-1")) == ()
    assert stat.S_IMODE((house.state / FOLDER).stat().st_mode) == 0o700


def test_hashes_of_different_installations_cannot_be_compared(tmp_path: Path) -> None:
    texts = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        house = House(tmp_path / name)
        house.run("prod", PROD=PROD)
        texts.append((house.state / FOLDER / "prod.json").read_text())
    assert texts[0] != texts[1]


@pytest.mark.parametrize("damage", ["", "[]", '{"github.token": 1}', "\udcff"])
def test_a_damaged_memory_is_refused_and_not_passed_over(house: House, damage: str) -> None:
    house.run("prod", PROD=PROD)
    path = house.state / FOLDER / "prod.json"
    path.write_text(damage, errors="surrogateescape")
    assert f"{path} is damaged" in house.refusal("staging", STAGING=STAGING)


def test_a_lost_key_is_refused_and_not_made_anew(house: House) -> None:
    house.run("prod", PROD=PROD)
    (house.state / FOLDER / "key").unlink()
    assert "delete the whole directory" in house.refusal("staging", STAGING=STAGING)


def test_a_directory_that_others_could_have_prepared_is_refused(house: House) -> None:
    (house.state / FOLDER).mkdir(parents=True)
    house.state.chmod(0o777)
    with pytest.raises(ConfigurationError, match="open to others"):
        house.run("prod", PROD=PROD)
