"""What people are judged by: deadlines, targets, exclusions, releases, the district's own table; stays and alert times.

Frozen: see the first step.
"""

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _deadlines()
    _targets()
    _exclusions()
    _releases()
    _published()
    _streets()


def _deadlines() -> None:
    pass


def _targets() -> None:
    pass


def _exclusions() -> None:
    pass


def _releases() -> None:
    pass


def _published() -> None:
    pass


def _streets() -> None:
    pass


def downgrade() -> None:
    # Tables of the sections above, last first.
    pass
