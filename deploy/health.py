"""Tells whether a server answers: `python health.py https://127.0.0.1:8000`; the exit status is 0 if it does.

It needs no token: to be told that one is missing is an answer, too.
"""

import ssl
import sys
import urllib.error
import urllib.request

SECONDS = 5


def answers(address) -> bool:
    """Return whether a server of MedSAMSeg's answers at an address such as https://127.0.0.1:8000."""
    # The certificate is that of the server's public name, which this is not; no secret is sent.
    anybody = ssl.create_default_context()
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    try:
        with urllib.request.urlopen(f"{address}/v1/health", timeout=SECONDS, context=anybody) as reply:
            return reply.status == 200
    except urllib.error.HTTPError as error:
        return error.code == 401
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if answers(sys.argv[1]) else 1)
