"""``medsamseg users``: who may use a server that a group shares."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from medsamseg_server.cli.numbers_in_text import number_or_nan, whole_number
from medsamseg_server.cli.output import add_output_options, print_json, print_line, say
from medsamseg_server.serving.group.users_file import Quota, add_user, read_users, revoke_user

_GIBIBYTE = 2**30
_count = whole_number("a number from 1 to 1000", 1, 1000)
_EPILOG = """\
A server that was started with 'medsamseg serve --users FILE' lets in whoever has
one of the file's tokens. It notices changes by itself: who is added is let in,
who is revoked is out at once.

examples:
  medsamseg users add users.json anna           prints anna's token, once
  medsamseg users add users.json ben --volumes 2 --memory 1
  medsamseg users list users.json
  medsamseg users revoke users.json anna
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``users`` with its own commands."""
    parser = subparsers.add_parser(
        "users",
        help="say who may use a server that a group shares",
        description="Say who may use a server that a group shares, and how much of it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_add(commands)
    _add_list(commands)
    _add_revoke(commands)


def _add_add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "add",
        help="add a user and print the token",
        description="Add a user and print the token. The file holds its hash alone, so the token is shown this once: "
        "whoever loses it is revoked and added again.",
    )
    _add_file(parser)
    parser.add_argument("name", metavar="NAME", help="of the user")
    usual = Quota()
    parser.add_argument(
        "--volumes",
        type=_count,
        default=usual.volumes,
        metavar="N",
        help="volumes kept at the same time (default: %(default)s)",
    )
    parser.add_argument(
        "--memory",
        type=_gibibytes,
        default=usual.memory,
        metavar="GIB",
        help=f"memory for their voxels, in GiB (default: {usual.memory / _GIBIBYTE:g})",
    )
    parser.add_argument(
        "--jobs",
        type=_count,
        default=usual.jobs,
        metavar="N",
        help="propagations and background encodings at the same time (default: %(default)s)",
    )
    add_output_options(parser)
    parser.set_defaults(run=run_add)


def _add_list(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("list", help="show the users, and what each may use")
    _add_file(parser)
    add_output_options(parser)
    parser.set_defaults(run=run_list)


def _add_revoke(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "revoke",
        help="let a user in no more",
        description="Let a user in no more, also to servers that are running: what they compute for that user stops.",
    )
    _add_file(parser)
    parser.add_argument("name", metavar="NAME", help="of the user")
    add_output_options(parser)
    parser.set_defaults(run=run_revoke)


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="the file of users")


def _gibibytes(text: str) -> int:
    size = number_or_nan(text)
    if not 2**-10 <= size < 2**20:
        raise argparse.ArgumentTypeError(f"'{text}' is not a size in GiB from 0.001")
    return int(size * _GIBIBYTE)


def run_add(args: argparse.Namespace) -> int:
    """Add a user and print the token."""
    token = add_user(args.file, args.name, Quota(args.volumes, args.memory, args.jobs))
    if args.json:
        print_json({"name": args.name, "token": token})
    else:
        say(args, f"The token of {args.name}, which is shown this once:")
        # Also with --quiet: nobody could find it out afterwards.
        print_line(token, flush=True)
    return 0


def run_list(args: argparse.Namespace) -> int:
    """Show the users."""
    users = read_users(args.file)
    if args.json:
        print_json({"users": [{"name": user.name, "added": user.added, **asdict(user.quota)} for user in users]})
        return 0
    for user in users:
        memory = f"{user.quota.memory / _GIBIBYTE:g} GiB"
        what = f"volumes {user.quota.volumes}, memory {memory}, jobs {user.quota.jobs}"
        print_line(f"{user.name}: {what}, added {user.added}")
    if not users:
        say(args, f"{args.file} has no users.")
    return 0


def run_revoke(args: argparse.Namespace) -> int:
    """Let a user in no more."""
    revoke_user(args.file, args.name)
    if args.json:
        print_json({"name": args.name})
    say(args, f"{args.name} is let in no more.")
    return 0
