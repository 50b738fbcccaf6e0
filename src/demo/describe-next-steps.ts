import { basename, relative } from 'node:path';
import { styleText } from 'node:util';
import type { Lab } from './start-lab.ts';

export interface NextSteps {
  readonly tokenFile: string;
  /** Of the call that was refused, in the audit trail. */
  readonly refusedId: string;
}

/** How to connect a client of one's own to the running demo, and to ask why a call was refused. Commands stand alone on
 * their lines, ready to be copied.
 */
export function describeNextSteps(lab: Lab, { tokenFile, refusedId }: NextSteps): string {
  const [user] = lab.idp.users;
  if (lab.requireDpop) return describeBound(lab, refusedId);
  const servers = JSON.stringify({ servers: { countries: { type: 'http', url: lab.mcpUrl } } });
  const authorization = `"Authorization: Bearer $(cat ${tokenFile})"`;
  return [
    bold('Connect a client of yours'),
    '',
    '  VS Code: put this into .vscode/mcp.json, press Start,',
    `  and sign in as ${user?.login ?? '?'} with the password ${JSON.stringify(user?.password ?? '?')}`,
    '',
    `    ${servers}`,
    '',
    '  MCP Inspector: in another terminal, in this folder',
    '',
    `    npx @modelcontextprotocol/inspector@2 --cli ${lab.mcpUrl} \\`,
    '      --transport http --method tools/call --tool-name GetCountry \\',
    '      --tool-arg code=SE \\',
    `      --header ${authorization}`,
    '',
    '  curl: without the token it is told where to sign in',
    '',
    `    curl ${lab.mcpUrl} \\`,
    `      -H ${authorization} \\`,
    "      -H 'Content-Type: application/json' \\",
    "      -H 'Accept: application/json, text/event-stream' \\",
    `      -d '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'`,
    '',
    ...describeWhy(lab, refusedId),
    ...describePlaces(lab),
  ].join('\n');
}

/** No client of today's editors proves a key; saying how to connect one would only show how it is refused. */
function describeBound(lab: Lab, refusedId: string): string {
  return [
    bold('Everything here asks for proofs (DPoP)'),
    '',
    `  ${lab.mcpUrl} takes only tokens that are bound to a key of the client, each call with a proof.`,
    '  VS Code, MCP Inspector and curl make none: to connect one of them, start without --require-dpop.',
    '',
    ...describeWhy(lab, refusedId),
    ...describePlaces(lab),
  ].join('\n');
}

function describeWhy(lab: Lab, refusedId: string): readonly string[] {
  return [
    bold('Ask why the call with the wrong token was refused'),
    '',
    `    ${nameProgram(process.argv[1])} explain ${refusedId} \\`,
    `      --audit-file ${relative(process.cwd(), lab.auditFile)}`,
    '',
  ];
}

/** How this program is called from here: by its file in a clone, else by its name. */
function nameProgram(script = ''): string {
  return basename(script) === 'usher.js' ? `node ${relative(process.cwd(), script)}` : 'usher';
}

function describePlaces(lab: Lab): readonly string[] {
  return [
    `  Identity provider      ${lab.idp.httpUrl}`,
    `  Certificate authority  ${lab.idp.caFile}`,
    `  Audit trail            ${lab.auditFile}`,
    '',
    'Press Ctrl-C to stop everything.',
    '',
  ];
}

function bold(text: string): string {
  return styleText('bold', text, { stream: process.stdout });
}
