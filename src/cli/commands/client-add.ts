import { readFileSync } from 'node:fs';
import type { ServerEntry } from '../../clients/client.ts';
import { quote } from '../../config/quote.ts';
import { reportUsage } from '../../config/report.ts';
import type { Problem } from '../../config/source.ts';
import { describe } from '../../lib/describe-error.ts';
import { webUrl } from '../../model/web-url.ts';
import { clientOptions, oauthOptions, readClients, readName, readOauth } from '../options/client-options.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { addSimpleOptions, type SimpleOption, SimpleValues } from '../options/simple-options.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

const options = {
  url: {
    flags: '--url <URL>',
    help: 'Where clients reach the server: its resource URL, to the letter',
    group: 'Server',
  },
  ...oauthOptions,
  headersFile: {
    flags: '--headers-file <PATH>',
    help: 'File with headers for each request, one "Name: value" a line',
    group: 'Server',
  },
  client: clientOptions.client,
  force: { flags: '--force', help: 'Also where people changed what Usher wrote', group: 'Clients' },
  json: clientOptions.json,
  debug: clientOptions.debug,
} as const satisfies Record<string, SimpleOption>;

/** `usher client add NAME --url URL` */
export const clientAddCommand: CommandModule = {
  build() {
    const command = buildCommand('usher client add', {
      summary:
        'Makes a server appear in the MCP clients of this machine. Their settings keep every other byte; what others wrote is never changed.',
      usage: 'NAME --url URL [--client LIST] [options]',
      examples: [
        'usher client add apollo --url http://localhost:8000/mcp',
        '# At Okta clients do not register themselves: one is set up there, named here\nusher client add apollo --url http://localhost:8000/mcp --client vscode,cursor --oauth-client-id 0oa1vscode',
      ],
    });
    return addSimpleOptions(command, Object.values(options));
  },
  async execute(command, { tail, environment }) {
    const { operands, problems } = sortLeftovers(command);
    const values = new SimpleValues(command, environment);
    const [{ thisMachine }, { addServer }, { chooseClients, readChoice }, { installedClients }, { reportOutcomes }] =
      await Promise.all([
        import('../../clients/machine.ts'),
        import('../../clients/add-server.ts'),
        import('../../clients/choose-clients.ts'),
        import('../options/client-options.ts'),
        import('../clients/describe-clients.ts'),
      ]);
    const machine = thisMachine(environment);
    const all: Problem[] = [...problems];
    const server = readServer(readName(operands, tail, all), values, all);
    const named = readClients(values, machine, all);
    all.push(...values.problems);
    if (all.length > 0) throw reportUsage(all);
    const clients =
      named === undefined ? await chooseClients(machine) : named === 'installed' ? installedClients(machine) : named;
    if (clients.length === 0) {
      const isSaid = named !== undefined && named !== 'installed';
      const isChosen = named === undefined && (await readChoice(machine)) !== undefined;
      const why = isSaid
        ? 'names none'
        : isChosen
          ? 'is missing, for none was chosen with usher client setup'
          : undefined;
      const what = `${why ?? 'is missing, for no MCP client was found here'}; see usher client list`;
      throw reportUsage([{ where: '--client', what }]);
    }
    const outcomes = await addServer(server, { clients, machine, force: values.isSet(options.force) });
    return reportOutcomes(outcomes, { task: `add ${server.name}`, isJson: values.isSet(options.json) });
  },
};

function readServer(name: string, values: SimpleValues, problems: Problem[]): ServerEntry {
  const url = values.text(options.url);
  const checked = url === undefined ? undefined : webUrl().safeParse(url);
  if (url === undefined)
    problems.push({ where: '--url', what: 'is missing; give the URL clients reach the server at' });
  else if (checked?.success === false) {
    problems.push({
      where: '--url',
      what: `is ${quote(url)}, expected ${checked.error.issues[0]?.message ?? 'a URL'}`,
    });
  }
  const oauth = readOauth(values, problems);
  const path = values.text(options.headersFile);
  return {
    name,
    url: url ?? '',
    ...(oauth === undefined ? {} : { oauth }),
    ...(path === undefined ? {} : { headers: readHeaders(path, problems) }),
  };
}

/** Headers of a file: never of the command line, which everybody on the machine can read. */
function readHeaders(path: string, problems: Problem[]): Readonly<Record<string, string>> {
  try {
    const lines = readFileSync(path, 'utf8')
      .split(/\r?\n/)
      .filter((line) => line.trim() !== '' && !line.startsWith('#'));
    const pairs = lines.map((line) =>
      /^([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*([\t\u0020-\u007E\u0080-\u00FF]*)$/.exec(line),
    );
    const wrong = pairs.findIndex((pair) => pair === null);
    // Not quoted: it may be a secret.
    if (wrong >= 0) {
      problems.push({ where: '--headers-file', what: `has no "Name: value" in line ${wrong + 1} of those that count` });
    }
    return Object.fromEntries(
      pairs.flatMap((pair) => (pair === null ? [] : [[pair[1] ?? '', (pair[2] ?? '').trim()]])),
    );
  } catch (error) {
    problems.push({ where: '--headers-file', what: `cannot be read: ${describe(error)}` });
    return {};
  }
}
