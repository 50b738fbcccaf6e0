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

/** Variables that make programs load or run something else, or talk to somebody else: of loaders, interpreters, shells, fetchers. */
const steering =
  /^(?:LD_.*|DYLD_.*|PATH|HOME|SHELL|IFS|ENV|BASH_ENV|BASH_FUNC.*|PROMPT_COMMAND|PS4|NODE_OPTIONS|NODE_PATH|NODE_EXTRA_CA_CERTS|NODE_TLS_REJECT_UNAUTHORIZED|PYTHON(?:PATH|HOME|STARTUP|INSPECT|BREAKPOINT|WARNINGS)|PERL5?(?:LIB|OPT|DB)|RUBY(?:LIB|OPT)|JAVA_TOOL_OPTIONS|_?JAVA_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH|DOTNET_STARTUP_HOOKS|GIT_.*|SSH_.*|NPM_.*|UV_.*|PIP_.*|GO(?:PROXY|FLAGS|SUMDB|NOSUMDB|TOOLCHAIN|PATH|ROOT)|(?:HTTPS?|ALL|NO)_PROXY|SSL_CERT_(?:FILE|DIR)|GCONV_PATH|MALLOC_.*|GLIBC_TUNABLES|TMPDIR|EDITOR|VISUAL|PAGER|BROWSER|DOCKER_.*|CONTAINER_HOST|KUBECONFIG)$/i;

/** @throws EntryProblem for names that are none, and for those that would steer programs */
export function checkEnvName(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw new EntryProblem(`it has a variable whose name is none: ${quoted(name)}`);
  if (steering.test(name)) throw new EntryProblem(`it sets ${name}, which makes programs load or reach something else`);
  return name;
}

export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

/** The refusal of an entry, for whoever asked for it. */
export function refuseEntry(name: string, reasons: readonly string[]): Error {
  return fail('registry_entry_refused', { name, reason: reasons.join('; ') });
}
