import { leaves, seams } from '../../src/config/leaves.ts';
import { formatPath } from '../../src/config/path.ts';
import { expected } from '../../src/config/text-value.ts';
import { defaultText } from '../../src/cli/options/setting-options.ts';
import { code, generatedNote, table } from './markdown.js';

/** @typedef {import('../../src/config/leaves.ts').Leaf} Leaf */

/** @type {Readonly<Record<string, string>>} */
const seamIntros = {
  authenticate:
    'Who may call. A list: a caller whom any entry accepts is in. Every server has to say it; leaving it out never means everybody. An entry with an issuer may have a `credential` group of its own, with the keys of `servers.NAME.credential` below, for the callers of that issuer ([tenants](../guides/opaque-tokens.md#several-issuers-each-with-its-own-exchange)); in the file only.',
  policy: 'What a caller’s token must allow.',
  credential:
    'As whom the MCP server behind is called. The caller’s own token is never passed on. When the group is left out, none is sent at all.',
  upstream: 'Where the MCP server is.',
};

/** @param {Leaf} leaf */
function row(leaf) {
  const { meta } = leaf;
  const inGroup = leaf.strategies.length === 0 ? leaf.path.slice(-1) : leaf.path.slice(leaf.strategyAt);
  const key = leaf.kind === 'presence' ? 'strategy: anonymous' : formatPath(inGroup);
  const forms =
    meta.secret === true
      ? `. Also \`${key}File\` (path of a file), \`${key}Env\` (name of a variable) or \`${key}Ref\` (name in the secret store); exactly one of the four`
      : '';
  const list = leaf.allowsSingle ? ' One value or a list.' : '';
  const choices = leaf.choices === undefined ? '' : ` One of ${leaf.choices.map(code).join(', ')}.`;
  const type = leaf.kind === 'number' || leaf.kind === 'boolean' ? ` (${expected(leaf).replace(/ \(.*/, '')})` : '';
  const byDefault =
    leaf.required && leaf.kind !== 'presence'
      ? '_required_'
      : code(leaf.kind === 'boolean' ? String(leaf.defaultValue) : defaultText(leaf));
  const flag = meta.flag === undefined ? (meta.fileOnly ? '–' : 'after `--`') : code(`--${meta.flag}`);
  return [code(key), `${meta.help}${type}${forms}.${list}${choices}`, byDefault, code(meta.example), flag];
}

const head = ['Key', 'What it does', 'Default', 'Example', 'Flag'];

function gatewayTables() {
  const groups = Map.groupBy(
    leaves.filter(({ scope }) => scope === 'gateway'),
    ({ path }) => formatPath(path.slice(0, -1)),
  );
  return [...groups].map(
    ([group, members]) => `### ${group === '' ? 'Top level' : code(group)}\n\n${table(head, members.map(row))}`,
  );
}

/** @type {Readonly<Record<string, string>>} */
const groupIntros = {
  dpop: 'Tokens that are bound to a key ([DPoP](../guides/dpop.md)).',
  rateLimit:
    'How often it may be called ([rate limits](../guides/rate-limits.md)). An entry of `rules` has `per` (`user`, `client` or `server`; `user` by default), `calls`, `windowSeconds` (60 by default), `burst` (as many as `calls` by default) and `tools` (all calls when absent).',
};

/** Groups of a server that come in one form only. */
function groupSections() {
  const groups = Map.groupBy(
    leaves.filter(
      ({ scope, path }) => scope === 'server' && path.length > 1 && !seams.some(({ key }) => key === path[0]),
    ),
    ({ path }) => String(path[0]),
  );
  return [...groups].map(
    ([key, members]) =>
      `### ${code(`servers.NAME.${key}`)}\n\n${groupIntros[key] ?? ''}\n\n${table(head, members.map(row))}`,
  );
}

/** @param {string} key */
function seamSection(key) {
  const seam = seams.find((one) => one.key === key);
  if (seam === undefined) return [];
  const parts = seam.strategies.map((strategy) => {
    const members = leaves.filter(
      (leaf) => leaf.scope === 'server' && leaf.path[0] === key && leaf.strategies.includes(strategy) && !leaf.isNested,
    );
    const byDefault = strategy === seam.defaultStrategy ? ' (`strategy` can be left out)' : '';
    const steps =
      strategy === 'chain'
        ? '`steps` is a list of two to five of `token-exchange`, `entra-obo` and `id-jag`: each names its `strategy` and has its settings, but for `header` and `headerPrefix`.\n\n'
        : '';
    const body = members.length === 0 ? 'No settings.' : table(head, members.map(row));
    return `#### ${code(`strategy: ${strategy}`)}${byDefault}\n\n${steps}${body}`;
  });
  const chosen = leaves.filter(({ kind, path }) => kind === 'strategy' && path[0] === key);
  const choice = chosen.length === 0 ? [] : [table(head, chosen.map(row))];
  return [`### ${code(`servers.NAME.${key}`)}\n\n${seamIntros[key] ?? ''}`, ...choice, ...parts];
}

/** @param {string} example */
export function configPage(example) {
  const own = leaves.filter(({ scope, path }) => scope === 'server' && path.length === 1);
  return [
    generatedNote,
    '# Configuration',
    'Usher is configured by flags, environment variables and a YAML file, in any mixture. Each setting exists once; its three forms mean the same. Where several say it, **flags win over the environment, the environment over the file, the file over the default**. `usher config show --sources` shows who said what.',
    'Nothing is guessed: an unknown key, flag or variable beginning with `USHER_` is an error, half a configuration does not start, and all problems are listed at once with file, line and column.',
    '## An example',
    `\`\`\`yaml\n${example.trim()}\n\`\`\``,
    'Editors complete and check the file with [usher.schema.json](usher.schema.json) (also printed by `usher config schema`). Paths in the file are relative to the file; in flags and variables, to the working directory. Secrets are best kept in a file of their own (mode 0600) or in a variable; a secret in the YAML file itself works and is warned about.',
    '## The gateway',
    ...gatewayTables(),
    '## Each server',
    'Under `servers`, one entry for each MCP server; its name stands in the audit trail.',
    `### ${code('servers.NAME')}\n\n${table(head, own.map(row))}`,
    ...seams.flatMap(({ key }) => seamSection(key)),
    ...groupSections(),
    '## What does not start',
    [
      '- An audience without an issuer, or an issuer without an audience.',
      '- An issuer without a credential of its own beside one that has one, where the server has none; a credential of the server that no issuer uses.',
      '- Two issuers that are asked about opaque tokens, unless the `tokenPrefix` of neither begins with that of the other.',
      '- A token exchange without checked callers, or one that names neither audience nor resource.',
      '- Settings of two credentials, wherever each of them was said, and a `--credential` beside the settings of another.',
      '- A server that does not say who may call. Everybody is `strategy: anonymous` (`--anonymous`), and that alone: not beside an issuer, an exchange or required scopes.',
      '- A window or burst of a rate limit without its number of calls; a limit for each client where callers have no token.',
      '- Shared state without a key, with one of fewer than 32 characters, or without TLS outside this machine unless `insecureAllowPlain` says so.',
      '- Two servers at one path, or a path that is Usher’s own: `/health`, `/ready`, `/.well-known`.',
      '- An issuer, key or token endpoint over plain http that is not on this machine (127.0.0.0/8, ::1, localhost and names below it), unless `insecureAllowHttp` (`--oidc-insecure-allow-http`) is set. Private addresses need no flag.',
      '- A URL with a user name, password or fragment in it.',
      '- A secret that is empty or cannot be read.',
    ].join('\n'),
  ].join('\n\n');
}
