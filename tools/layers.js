import { readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { listFiles } from './build.js';

/** Seams: each member has a folder of its own, and none knows another (docs/explain/architecture.md). */
const configuredSeams = ['authenticators', 'policies', 'credentials', 'upstreams', 'workloads', 'audit', 'state'];
const seams = [...configuredSeams, 'idp', 'providers', 'clients', 'facade'];

/**
 * Which folder of src/ may import which, beside itself. An arrow that is not here is refused.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const allowedEdges = {
  lib: [],
  model: ['lib'],
  // What members share that ask an authorization server.
  oauth: ['model', 'lib'],
  // Streamable HTTP in front of servers that do not speak it: what members share that have such.
  bridge: ['model', 'lib'],
  ...Object.fromEntries(seams.map((seam) => [seam, ['model', 'lib']])),
  upstreams: ['bridge', 'model', 'lib'],
  authenticators: ['oauth', 'model', 'lib'],
  credentials: ['oauth', 'model', 'lib'],
  // HTML pages: what those of the development provider and of the façade have in common.
  views: ['lib'],
  idp: ['views', 'model', 'lib'],
  // An authorization server in front of the provider.
  facade: ['oauth', 'views', 'model', 'lib'],
  telemetry: ['model', 'lib'],
  // Beside these, the schema.ts of every member of a seam.
  config: ['model', 'lib'],
  pipeline: ['model', 'lib'],
  gateway: ['pipeline', 'config', 'telemetry', ...seams, 'oauth', 'model', 'lib'],
  // Where secrets are kept, for whoever is handed it.
  secrets: ['model', 'lib'],
  // Servers that run here, in a terminal or in the background, and what is kept of them.
  servers: ['clients', 'gateway', 'config', 'telemetry', 'model', 'lib'],
  // Sets up any provider: knows none of them.
  setup: ['model', 'lib'],
  // Looks at decisions, and tries what the gateway would do with the gateway's own parts.
  diagnose: ['gateway', 'pipeline', 'config', ...seams, 'oauth', 'model', 'lib'],
  // Fetches packages that have an MCP server in them, before anything is started.
  packages: ['model', 'lib'],
  // Knows servers by name, and what to run for them.
  registry: ['packages', 'model', 'lib'],
  // Reads configurations of others, and says what they mean here.
  import: ['model', 'lib'],
  demo: ['gateway', 'config', 'telemetry', ...seams, 'model', 'lib'],
  // The scenario with one thing wrong at a time.
  lab: ['demo', 'diagnose', 'gateway', 'config', ...seams, 'model', 'lib'],
  cli: [
    'import',
    'servers',
    'secrets',
    'registry',
    'packages',
    'lab',
    'demo',
    'diagnose',
    'setup',
    'gateway',
    'config',
    'telemetry',
    ...seams,
    'model',
    'lib',
  ],
};

/**
 * Where in src/ each package may be imported: folders end with a slash, `schema.ts` means any file of that name.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const allowedPackages = {
  '@redis/client': ['state/redis/'],
  '@peculiar/x509': ['idp/'],
  commander: ['cli/'],
  'jsonc-parser': ['clients/formats/'],
  'toml-eslint-parser': ['clients/formats/'],
  jose: ['authenticators/jwt/', 'oauth/', 'facade/prove-client.ts', 'idp/', 'cli/'],
  'lru-cache': ['authenticators/', 'oauth/', 'gateway/build-owners.ts', 'idp/', 'facade/'],
  oauth4webapi: ['authenticators/', 'oauth/', 'credentials/operator-login/', 'demo/', 'diagnose/'],
  'oidc-provider': ['idp/'],
  pino: ['telemetry/'],
  undici: [
    'upstreams/',
    'authenticators/',
    'oauth/',
    'gateway/',
    'lib/http-client.ts',
    'lib/undici-parts.d.ts',
    'demo/',
  ],
  yaml: ['config/', 'import/', 'idp/', 'setup/', 'clients/formats/', 'workloads/container/read-profile.ts'],
  // Settings, and what others send: seeds, metadata, answers of token endpoints.
  zod: [
    'config/',
    'diagnose/',
    'facade/',
    'import/',
    'lab/gateway-settings.ts',
    'idp/',
    'model/',
    'authenticators/',
    'oauth/',
    'packages/',
    'credentials/operator-login/',
    'registry/',
    'demo/',
    'setup/',
    'servers/',
    'clients/',
    'providers/',
    'secrets/',
    'workloads/server-settings.ts',
    'workloads/container/engine-answers.ts',
    'workloads/container/read-profile.ts',
    'bridge/session-settings.ts',
    'schema.ts',
  ],
};

/** Files that are tables, not code: they may be as long as what they list. */
const tables = ['src/model/errors.ts', 'src/clients/client-table.ts'];
const longestFile = 400;

/** @typedef {{ file: string, specifier: string }} Import file: path from the repository's folder, with slashes */

/**
 * Checks the sources against the tables above.
 *
 * @param {string} root the repository's folder
 * @returns {string[]} what is wrong, each with its place and what to do; empty when all is well
 */
export function checkLayers(root) {
  const sources = ['src', 'bin', 'bench', 'tools', 'test', 'examples']
    .flatMap((folder) => listFiles(join(root, folder)))
    .filter((path) => /\.(ts|js)$/.test(path) && !path.includes(`${sep}node_modules${sep}`))
    .map((path) => ({ file: relative(root, path).replaceAll(sep, '/'), text: readFileSync(path, 'utf8') }));
  const product = sources.filter(({ file }) => file.startsWith('src/') && !file.endsWith('.test.ts'));
  const imports = product.flatMap(({ file, text }) => findImports(text).map((specifier) => ({ file, specifier })));
  return [
    ...product.flatMap(({ file, text }) => findComputedImports(file, text)),
    ...imports.flatMap(checkImport),
    ...findFolderCycles(imports),
    ...findUnlistedMembers(
      product.map(({ file }) => file),
      imports,
    ),
    ...sources.flatMap(checkLength),
  ];
}

/**
 * What a file imports, by statement, by call or as a type. Comments are read too: a check that is fooled by a comment
 * should refuse, not pass.
 *
 * @param {string} text
 * @returns {string[]} specifiers as written
 */
export function findImports(text) {
  const forms = [
    /\b(?:import|export)\s(?:[^'"`;()]*?\s)?from\s*['"]([^'"]+)['"]/g,
    /^\s*import\s*['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"]([^'"]+)['"]/g,
  ];
  return forms.flatMap((form) => [...text.matchAll(form)].map((match) => match[1] ?? ''));
}

/**
 * @param {string} file
 * @param {string} text
 */
function findComputedImports(file, text) {
  return /\bimport\(\s*[^'"\s]|\bcreateRequire\b/.test(text)
    ? [`${file}: imports something that is computed; write the path out, so that it can be checked`]
    : [];
}

/**
 * @param {Import} found
 * @returns {string[]}
 */
function checkImport({ file, specifier }) {
  if (specifier.startsWith('node:')) return [];
  if (!specifier.startsWith('.')) return checkPackage(file, specifier);
  const target = posix.join(posix.dirname(file), specifier);
  if (!target.startsWith('src/')) {
    return [`${file}: imports ${specifier}, which is outside src/ and not in the published package`];
  }
  if (target.endsWith('.test.ts')) return [`${file}: imports the test ${specifier}`];
  const [from = '', fromMember = ''] = file.split('/').slice(1);
  const [to = '', toMember = ''] = target.split('/').slice(1);
  const allowed = allowedEdges[from];
  if (allowed === undefined) {
    return [`${file}: ${from}/ has no row in tools/layers.js; add one that says what it may import`];
  }
  if (from === to) {
    const isSibling = configuredSeams.includes(from) && fromMember !== toMember;
    return isSibling && file.split('/').length > 3 && target.split('/').length > 3
      ? [`${file}: imports ${target} of another member; members of a seam do not know one another`]
      : [];
  }
  const isSchema = from === 'config' && seams.includes(to) && posix.basename(target) === 'schema.ts';
  if (allowed.includes(to) || isSchema) return [];
  const may = allowed.length === 0 ? 'nothing outside itself' : allowed.join(', ');
  return [`${file}: imports ${target}, but ${from}/ may import only ${may}`];
}

/**
 * @param {string} file
 * @param {string} specifier
 */
function checkPackage(file, specifier) {
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  const places = allowedPackages[name];
  if (places === undefined) {
    return [`${file}: imports the package ${name}, which has no row in tools/layers.js`];
  }
  const path = file.slice('src/'.length);
  const isAllowed = places.some((place) =>
    place.endsWith('/') ? path.startsWith(place) : path === place || posix.basename(path) === place,
  );
  return isAllowed ? [] : [`${file}: imports the package ${name}, which belongs into ${places.join(', ')}`];
}

/**
 * Folders that import one another, directly or in a circle. A folder and the one it lies in count as one step apart
 * only in one direction: a part may be used by its whole.
 *
 * @param {readonly Import[]} imports
 * @returns {string[]}
 */
function findFolderCycles(imports) {
  /** @type {Map<string, Set<string>>} */
  const graph = new Map();
  for (const { file, specifier } of imports) {
    if (!specifier.startsWith('.')) continue;
    const from = posix.dirname(file);
    const to = posix.dirname(posix.join(from, specifier));
    // Types shared by a folder and its parts stand in the folder itself; that is no circle between neighbours.
    if (from === to || from.startsWith(`${to}/`) || to.startsWith(`${from}/`)) continue;
    graph.set(from, (graph.get(from) ?? new Set()).add(to));
  }
  /** @type {Set<string>} */
  const done = new Set();
  /** @type {string[]} */
  const problems = [];
  /** @type {(folder: string, path: readonly string[]) => void} */
  const visit = (folder, path) => {
    if (path.includes(folder)) {
      problems.push(`Folders import one another: ${[...path.slice(path.indexOf(folder)), folder].join(' → ')}`);
      return;
    }
    if (done.has(folder)) return;
    for (const next of graph.get(folder) ?? []) visit(next, [...path, folder]);
    done.add(folder);
  };
  for (const folder of graph.keys()) visit(folder, []);
  return problems;
}

/**
 * Members of a seam that nobody can configure or nobody builds.
 *
 * @param {readonly string[]} files
 * @param {readonly Import[]} imports
 * @returns {string[]}
 */
function findUnlistedMembers(files, imports) {
  const targets = imports.map(({ file, specifier }) => ({ file, target: posix.join(posix.dirname(file), specifier) }));
  const members = new Set(
    files
      .map((file) => file.split('/'))
      .filter(([, seam = '', , last]) => configuredSeams.includes(seam) && last !== undefined)
      .map((parts) => parts.slice(0, 3).join('/')),
  );
  return [...members].flatMap((member) => {
    const isConfigured = targets.some(
      ({ file, target }) => file.startsWith('src/config/') && target === `${member}/schema.ts`,
    );
    const isBuilt = targets.some(
      ({ file, target }) =>
        target.startsWith(`${member}/`) && target !== `${member}/schema.ts` && !file.startsWith(`${member}/`),
    );
    return [
      ...(isConfigured ? [] : [`${member}: src/config/ does not import its schema.ts, so nobody can configure it`]),
      ...(isBuilt ? [] : [`${member}: nothing outside imports its strategy; add it to the seam's list`]),
    ];
  });
}

/** @param {{ file: string, text: string }} source */
function checkLength({ file, text }) {
  const code = text.replaceAll(/^\s*\/\*[\s\S]*?\*\/\s*$/gm, '').replaceAll(/^\s*\/\/.*$/gm, '');
  const lines = code.split('\n').filter((line) => line.trim() !== '').length;
  return lines > longestFile && !tables.includes(file)
    ? [`${file}: ${lines} lines of code, at most ${longestFile}; divide it by what its parts are about`]
    : [];
}
