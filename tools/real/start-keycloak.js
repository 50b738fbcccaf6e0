import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fetchMaven } from './fetch-maven.js';
import { findJava } from './find-java.js';
import { keepFolder } from './keep-folder.js';
import { runQuietly } from './run-quietly.js';
import { startJava } from './start-java.js';

const version = '26.7.3';
const artifact = `org.keycloak:keycloak-quarkus-dist:${version}:zip`;
/** Of the archive as Maven Central has it. */
const sha256 = '27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f';

/** Administrator of the master realm, who lives as long as the process. */
export const keycloakAdmin = { user: 'admin', password: 'admin-of-the-tests' };

/**
 * A real Keycloak on loopback with nothing but its master realm, everything in memory.
 *
 * @param {AbortSignal} signal
 * @returns {Promise<import('./start-java.js').RunningJava>}
 * @throws {import('./unavailable.js').Unavailable} when this machine cannot have one
 */
export async function startKeycloak(signal) {
  await findJava(['mvn']);
  const folder = await keepFolder(`keycloak-${version}-1`, (partial) => install(partial, signal));
  const home = join(folder, `keycloak-${version}`);
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const options = [
    'start',
    '--optimized',
    '--http-enabled=true',
    '--http-host=127.0.0.1',
    `--http-port=${port}`,
    `--hostname=${url}`,
    // Without `local` it looks for others to form a cluster with, on every network of the machine.
    '--cache=local',
    '--log-level=warn',
  ];
  const { user, password } = keycloakAdmin;
  return startJava('Keycloak', [...javaOptions(home), ...options], {
    env: { KC_BOOTSTRAP_ADMIN_USERNAME: user, KC_BOOTSTRAP_ADMIN_PASSWORD: password },
    findUrl: async () => ((await canSignIn(url)) ? url : undefined),
    signal,
    timeoutMs: 400_000,
  });
}

/**
 * The distribution, and what `kc.sh build` makes of it: a start then takes a quarter of the time.
 *
 * @param {string} folder
 * @param {AbortSignal} signal
 */
async function install(folder, signal) {
  const here = { cwd: folder, signal };
  await fetchMaven(['dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`], here);
  const zip = join(folder, `keycloak-quarkus-dist-${version}.zip`);
  const hash = createHash('sha256');
  await pipeline(createReadStream(zip), hash);
  if (hash.digest('hex') !== sha256) throw new Error(`Keycloak's archive is not the one expected (SHA-256 ${sha256})`);
  await fetchMaven(['-o', 'dependency:unpack', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`], here);
  await rm(zip);
  // Where Maven keeps its notes when there is no project.
  await rm(join(folder, '${project.basedir}'), { recursive: true, force: true });
  const home = join(folder, `keycloak-${version}`);
  const build = [...javaOptions(home), 'build', '--db=dev-mem'];
  const { ok, output } = await runQuietly('java', build, { timeoutMs: 300_000, signal });
  if (!ok) throw new Error(`Keycloak cannot be built: ${output.slice(-2000)}`);
}

/**
 * What bin/kc.sh passes on, without the shell that would stay as a parent, and with a small heap.
 * @param {string} home
 */
function javaOptions(home) {
  const opened = ['java.util', 'java.util.concurrent', 'java.security', 'java.lang'];
  return [
    '-Xms64m',
    '-Xmx384m',
    '-XX:MaxMetaspaceSize=256m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    ...opened.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
    '-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory',
    '-Djava.util.logging.manager=org.jboss.logmanager.LogManager',
    '-Dpicocli.disable.closures=true',
    '-Duser.language=en',
    '-Duser.country=US',
    `-Dkc.home.dir=${home}`,
    `-Djboss.server.config.dir=${join(home, 'conf')}`,
    '-cp',
    join(home, 'lib', 'quarkus-run.jar'),
    'io.quarkus.bootstrap.runner.QuarkusEntryPoint',
  ];
}

/** @param {string} url */
async function canSignIn(url) {
  const { user, password } = keycloakAdmin;
  const form = { grant_type: 'password', client_id: 'admin-cli', username: user, password };
  try {
    const answer = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
      signal: AbortSignal.timeout(10_000),
    });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

/** @returns {Promise<number>} one that was free a moment ago */
function findFreePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
