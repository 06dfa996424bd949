import type { Home } from '../../helpers/home.ts';

/** Writes connector `vendor`: it asks for a file and a token, and its server is never started here. */
export function writeVendor(home: Home): void {
  home.write(
    'connectors/vendor.toml',
    `schema = 1
name = "vendor"
description = "A connector with a token and a file."
transport = "stdio"
auth = "token"

[signin.token]
secrets = ["access_token"]

[stdio]
runtime = "binary"
command = "/bin/true"
env = { TOKEN = "{{secret.access_token}}" }

[[metadata]]
key = "file"
label = "File"
required = true
kind = "path"
`,
  );
}
