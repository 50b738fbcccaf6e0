import { fail } from '../model/usher-error.ts';

/** Why an entry is not run as a whole: part of it would do what no entry may. Thrown while it is planned. */
export class EntryProblem extends Error {
  override readonly name = 'EntryProblem';
}

/** @throws EntryProblem when a text of an entry holds what no argument or value holds */
export function checkText(text: string, what: string): string {
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text))
    throw new EntryProblem(`${what} holds control characters, or others that are not seen`);
  return text;
}

/** Variables that make programs load or run something else, write elsewhere, or talk to somebody else: of loaders, shells,
 * interpreters, their fetchers, and what encrypts. Of some families all but those that only change how text is written.
 */
const steering = new RegExp(
  `^(?:${[
    'LD_.*|DYLD_.*|GCONV_PATH|GLIBC_TUNABLES|MALLOC_.*|LOCPATH',
    'PATH|PATHEXT|COMSPEC|SYSTEMROOT|HOME|TMPDIR|TMP|TEMP|XDG_.*',
    'SHELL|IFS|ENV|BASH_ENV|BASH_FUNC.*|PROMPT_COMMAND|PS4|ZDOTDIR',
    'EDITOR|VISUAL|PAGER|MANPAGER|LESSOPEN|LESSCLOSE|BROWSER',
    'NODE_(?!ENV$|NO_WARNINGS$|DEBUG$).*|BUN_.*|DENO_.*|COREPACK_.*|NPM_.*|YARN_.*|PNPM_.*',
    'PYTHON(?!UNBUFFERED$|IOENCODING$|UTF8$|DONTWRITEBYTECODE$|HASHSEED$).*|UV_.*|PIP_.*',
    'GO(?:PROXY|FLAGS|SUMDB|NOSUMDB|TOOLCHAIN|PATH|ROOT|BIN|ENV|AUTH|CACHEPROG|VCS|INSECURE|PRIVATE|NOPROXY)|CGO_.*',
    'PERL5?(?:LIB|OPT|DB)|RUBY(?:LIB|OPT)|BUNDLE_.*|LUA_(?:INIT|PATH|CPATH).*|PHPRC|PHP_INI_SCAN_DIR',
    '_?JAVA_OPTIONS|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH|DOTNET_.*|COR(?:ECLR)?_.*|ERL_.*|ELIXIR_ERL_OPTIONS',
    'GIT_.*|SSH_.*|DOCKER_.*|CONTAINER_HOST|KUBECONFIG|HOSTALIASES|LOCALDOMAIN|RES_OPTIONS',
    '(?:HTTPS?|FTP|SOCKS|ALL|NO)_PROXY|SSL_CERT_(?:FILE|DIR)|SSLKEYLOGFILE|OPENSSL_.*|CURL_(?:HOME|CA_BUNDLE)|REQUESTS_CA_BUNDLE',
  ].join('|')})$`,
  'i',
);

/** Of these, where a program finds what people have themselves: a cluster, an engine, a proxy, authorities. They load and start nothing by
 * themselves. What they are is for people to say, and no entry sets them.
 */
const ofPeople = new RegExp(
  `^(?:${[
    'KUBECONFIG|DOCKER_(?:HOST|CONTEXT|CERT_PATH|TLS_VERIFY)|CONTAINER_HOST',
    '(?:HTTPS?|SOCKS|ALL|NO)_PROXY|SSL_CERT_(?:FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS',
  ].join('|')})$`,
  'i',
);

/** May people alone say what it is? */
export function isOfPeople(name: string): boolean {
  return ofPeople.test(name);
}

/** @param isSet has the entry a value for it, or is it for people to say?
 * @throws EntryProblem for names that are none, and for those that would steer programs
 */
export function checkEnvName(name: string, { isSet }: { readonly isSet: boolean }): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw new EntryProblem(`it has a variable whose name is none: ${quoted(name)}`);
  if (steering.test(name) && (isSet || !isOfPeople(name)))
    throw new EntryProblem(`it sets ${name}, which makes programs load or reach something else`);
  return name;
}

export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

/** The refusal of an entry, for whoever asked for it. */
export function refuseEntry(name: string, reasons: readonly string[]): Error {
  return fail('registry_entry_refused', { name, reason: reasons.join('; ') });
}
