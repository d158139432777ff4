# SPDX-License-Identifier: MIT
"""What to type in another terminal while a lab runs."""

import os

from .lab import CUTOVER, DNS_ONLY, PROXIED, REPOSITORY


def commands(lab, program=CUTOVER):
    """Command lines for every part of the lab, as one text; they are meant for a shell in the repository."""
    lines = ["Databases, as root:"]
    for server in lab.servers:
        client = " ".join(os.path.relpath(word, REPOSITORY) if str(word).startswith(f"{REPOSITORY}/") else str(word)
                          for word in server.kind.argv(server.kind.client))
        lines.append(f"  {client} --no-defaults -uroot -S {server.socket}    # {server}")
    lines += ["", "Names: at the resolver, then at each authoritative server:"]
    for server in [lab.dns.resolver, *lab.dns.authoritative]:
        lines.append(f"  dig @{server.address} -p {server.port} {PROXIED} {DNS_ONLY}")
    lines += ["", f"The site: {PROXIED} through the edge, then each side directly:"]
    for address in [lab.edge_address, *lab.origins.values()]:
        lines.append(f"  curl -si --connect-to ::{address}: http://{PROXIED}:{lab.site_port}/whoami")
    token = lab.cfg_path.parent / "secrets" / "cloudflare-token"
    lines += [
        "", "The stand-in for Cloudflare:",
        f"  curl -s -H \"Authorization: Bearer $(cat {token})\" {lab.cloudflare.url}/zones",
        f"  curl -s {lab.cloudflare.lab_url}/records",
        "", "And what all of it is for:", f"  {program} -c {lab.cfg_path} status"]
    return "\n".join(lines)
