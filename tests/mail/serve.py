"""A mail server on localhost. Prints its port, then keeps every mail as `DIRECTORY/N.json`.

While `DIRECTORY/hold` exists, a mail is kept but not acknowledged; while `DIRECTORY/refuse`
exists, mails are refused for now (451) and not kept.
"""

import asyncio
import json
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP


class Keeper:
    def __init__(self, directory):
        self.directory = directory
        self.number = 0

    async def handle_DATA(self, server, session, envelope):
        if (self.directory / "refuse").exists():
            return "451 come back later"
        self.number += 1
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": envelope.content.decode("utf-8", "replace"),
        }
        unfinished = self.directory / f"{self.number}.part"
        unfinished.write_text(json.dumps(mail))
        unfinished.rename(self.directory / f"{self.number}.json")
        while (self.directory / "hold").exists():
            await asyncio.sleep(0.02)
        return "250 kept"


async def main():
    keeper = Keeper(Path(sys.argv[1]))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(keeper), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
