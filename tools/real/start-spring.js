import { createHash } from 'node:crypto';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../root.js';
import { fetchMaven } from './fetch-maven.js';
import { findJava } from './find-java.js';
import { keepFolder } from './keep-folder.js';
import { runQuietly } from './run-quietly.js';
import { startJava } from './start-java.js';

const sources = join(root, 'test/providers/spring');

/**
 * A real Spring Authorization Server on loopback, with the clients and users of test/providers/spring.
 *
 * @param {AbortSignal} signal
 * @returns {Promise<import('./start-java.js').RunningJava>}
 * @throws {import('./unavailable.js').Unavailable} when this machine cannot have one
 */
export async function startSpring(signal) {
  await findJava(['mvn', 'javac']);
  const hash = createHash('sha256');
  for (const name of ['pom.xml', 'TwoIssuers.java']) hash.update(await readFile(join(sources, name)));
  const name = `spring-${hash.digest('hex').slice(0, 12)}`;
  const folder = await keepFolder(name, (partial) => install(partial, signal));
  const classPath = [join(folder, 'classes'), join(folder, 'lib', '*')].join(':');
  const options = ['--server.address=127.0.0.1', '--server.port=0', '--spring.main.banner-mode=off'];
  const java = ['-Xms32m', '-Xmx192m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', classPath, 'TwoIssuers'];
  return startJava('Spring Authorization Server', [...java, ...options], {
    findUrl: async (output) => {
      const port = /Tomcat started on port (\d+)/.exec(output)?.[1];
      return port === undefined ? undefined : `http://127.0.0.1:${port}`;
    },
    signal,
    timeoutMs: 120_000,
  });
}

/**
 * @param {string} folder
 * @param {AbortSignal} signal
 */
async function install(folder, signal) {
  await cp(join(sources, 'pom.xml'), join(folder, 'pom.xml'));
  const copy = ['dependency:copy-dependencies', '-DoutputDirectory=lib', '-DincludeScope=runtime'];
  await fetchMaven(copy, { cwd: folder, signal });
  const classes = join(folder, 'classes');
  await mkdir(classes);
  const compile = ['-parameters', '-proc:none', '-cp', join(folder, 'lib', '*'), '-d', classes];
  const { ok, output } = await runQuietly('javac', [...compile, join(sources, 'TwoIssuers.java')], {
    timeoutMs: 120_000,
    signal,
  });
  if (!ok) throw new Error(`test/providers/spring does not compile: ${output}`);
}
