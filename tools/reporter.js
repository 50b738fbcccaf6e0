import { relative } from 'node:path';
import { inspect, styleText } from 'node:util';

/** @typedef {import('node:test').TestsStream} TestsStream */
/** @typedef {{ type: string, data: any }} TestEvent one event of node:test, whose types differ from release to release */
/** @typedef {{ name: string, place: string, text: string }} Failure */
/** @typedef {{ name: string, ok: boolean, output: string, ms: number }} CheckResult */

/** How much of what a failing test file printed is shown. */
const shownOutputLines = 60;

/**
 * Collects what checks and test files report, tells it as it comes, and ends with one line of counts.
 */
export class TestReport {
  #passed = 0;
  #failed = 0;
  #skipped = 0;
  /** @type {Failure[]} */
  #failures = [];
  /** @type {Map<string, string[]>} reason → tests */
  #skips = new Map();
  /** @type {{ name: string, ms: number }[]} */
  #durations = [];
  /** @type {Map<string, readonly string[]>} file → names in its temporary folder */
  #leftovers = new Map();
  /** @type {Map<string, FileState>} */
  #files = new Map();
  #root;
  #write;

  /**
   * @param {object} options
   * @param {string} options.root folder that paths are shown relative to
   * @param {(text: string) => void} options.write
   */
  constructor({ root, write }) {
    this.#root = root;
    this.#write = write;
  }

  /** @param {CheckResult} result counts as one test */
  addCheck(result) {
    this.#line(result.ok, `check: ${result.name}`, result.ms);
    if (result.ok) this.#passed += 1;
    else this.#fail({ name: `check: ${result.name}`, place: '', text: result.output.trim() });
  }

  /**
   * @param {string} file absolute path of the test file the event came from
   * @param {TestEvent} event
   */
  addEvent(file, { type, data }) {
    const state = this.#state(file);
    // The file itself is a test too: it starts, and it ends when it broke as a whole or had no test in it.
    const isFile = data.name === file && data.nesting === 0;
    switch (type) {
      case 'test:dequeue':
        if (!isFile) state.running.add(`${data.nesting} ${data.name}`);
        break;
      case 'test:complete':
        state.running.delete(`${data.nesting} ${data.name}`);
        break;
      case 'test:start':
        if (!isFile) state.started(data.name, data.nesting);
        break;
      case 'test:stdout':
      case 'test:stderr':
        state.output += data.message;
        break;
      case 'test:diagnostic':
        if (data.message.startsWith('Error:')) state.output += `${data.message}\n`;
        break;
      case 'test:pass':
      case 'test:fail':
        if (isFile) this.#fileEnded(file, type === 'test:pass', data);
        else this.#testEnded(file, type === 'test:pass', data);
        break;
    }
  }

  /**
   * @param {string} file absolute path; no event comes from it any more
   * @param {number} ms how long it took
   */
  endFile(file, ms) {
    const state = this.#state(file);
    this.#line(
      state.failed === 0,
      relative(this.#root, file),
      ms,
      state.ended === 1 ? '1 test' : `${state.ended} tests`,
    );
    if (state.failed === 0) state.output = '';
  }

  /**
   * @param {string} file absolute path
   * @param {readonly string[]} names what it left in the temporary folder; told, and no failure: a test that was stopped
   * cannot tidy up
   */
  addLeftovers(file, names) {
    if (names.length > 0) this.#leftovers.set(file, names);
  }

  /**
   * Tells failures, skipped tests and, when asked, the slowest; then the counts, and nothing after them.
   *
   * @param {object} [options]
   * @param {number} [options.slowest] how many of the slowest tests to list
   * @param {boolean} [options.interrupted] somebody stopped the run
   * @returns {boolean} true when something ran and nothing failed
   */
  finish({ slowest = 0, interrupted = false } = {}) {
    this.#writeSkips();
    this.#writeLeftovers();
    if (slowest > 0) this.#writeSlowest(slowest);
    this.#writeOutputs();
    this.#writeFailures();
    if (interrupted) this.#write('\nInterrupted: not everything ran.\n');
    const ran = this.#passed + this.#failed > 0;
    if (!ran) this.#write('\nNo test ran.\n');
    this.#write(`\n${this.#passed} passed, ${this.#failed} failed, ${this.#skipped} skipped\n`);
    return ran && this.#failed === 0 && !interrupted;
  }

  /**
   * @param {string} file
   * @param {boolean} passed
   * @param {TestEvent['data']} data
   */
  #testEnded(file, passed, data) {
    const state = this.#state(file);
    const name = state.fullName(data.name, data.nesting);
    const skip = data.skip === false ? undefined : data.skip;
    if (data.details.type === 'suite') {
      // Skipped as a whole it has no tests that could say so: nobody must take them for passed.
      if (skip !== undefined) this.#skip(name, skip);
      // Otherwise it counts only when it broke by itself, in a hook.
      if (!passed && data.details.error?.failureType !== 'subtestsFailed') this.#failTest(state, name, data);
      return;
    }
    state.ended += 1;
    this.#durations.push({ name: `${name} (${relative(this.#root, file)})`, ms: data.details.duration_ms });
    if (skip !== undefined) this.#skip(name, skip);
    else if (data.todo !== undefined && data.todo !== false) this.#skip(name, `todo: ${data.todo}`);
    else if (passed) this.#passed += 1;
    // Its subtests are counted and told by themselves.
    else if (data.details.error?.failureType !== 'subtestsFailed') this.#failTest(state, name, data);
  }

  /**
   * @param {string} file
   * @param {boolean} passed
   * @param {TestEvent['data']} data
   */
  #fileEnded(file, passed, data) {
    const state = this.#state(file);
    state.failed += 1;
    const name = relative(this.#root, file);
    this.#fail({
      name,
      place: name,
      text: passed ? 'The file declares no test' : whatBroke(data.details.error, state),
    });
  }

  /**
   * @param {FileState} state
   * @param {string} name
   * @param {TestEvent['data']} data
   */
  #failTest(state, name, data) {
    state.failed += 1;
    const place = `${relative(this.#root, data.file)}:${data.line}:${data.column}`;
    this.#fail({ name, place, text: describeError(data.details.error?.cause ?? data.details.error, this.#root) });
  }

  /** @param {Failure} failure */
  #fail(failure) {
    this.#failed += 1;
    this.#failures.push(failure);
  }

  /**
   * @param {string} name
   * @param {string | true} reason
   */
  #skip(name, reason) {
    this.#skipped += 1;
    const key = reason === true || reason === '' ? 'no reason given' : reason;
    this.#skips.set(key, [...(this.#skips.get(key) ?? []), name]);
  }

  /** @param {string} file */
  #state(file) {
    let state = this.#files.get(file);
    if (state === undefined) {
      state = new FileState();
      this.#files.set(file, state);
    }
    return state;
  }

  /**
   * @param {boolean} ok
   * @param {string} name
   * @param {number} ms
   * @param {string} [extra]
   */
  #line(ok, name, ms, extra) {
    const mark = ok ? styleText('green', '✔') : styleText('red', '✖');
    const detail = [extra, `${(ms / 1000).toFixed(1)} s`].filter((text) => text !== undefined).join(', ');
    this.#write(`${mark} ${name} ${styleText('dim', `(${detail})`)}\n`);
  }

  #writeSkips() {
    if (this.#skips.size === 0) return;
    this.#write(`\n${styleText('yellow', 'Skipped')}\n`);
    for (const [reason, names] of this.#skips) {
      this.#write(`  ${reason}\n${names.map((name) => `    ${name}\n`).join('')}`);
    }
  }

  #writeLeftovers() {
    if (this.#leftovers.size === 0) return;
    this.#write(`\n${styleText('yellow', 'Left in the temporary folder, and removed')}\n`);
    for (const [file, names] of this.#leftovers) {
      this.#write(`  ${relative(this.#root, file)}: ${names.join(', ')}\n`);
    }
  }

  /** @param {number} count */
  #writeSlowest(count) {
    const slowest = this.#durations.toSorted((a, b) => b.ms - a.ms).slice(0, count);
    this.#write(`\nSlowest\n${slowest.map(({ name, ms }) => `  ${ms.toFixed(0).padStart(7)} ms  ${name}\n`).join('')}`);
  }

  #writeOutputs() {
    for (const [file, { output, failed }] of this.#files) {
      if (failed === 0 || output.trim() === '') continue;
      const lines = output.trimEnd().split('\n');
      const left = lines.length - shownOutputLines;
      this.#write(`\n${styleText('yellow', `Printed by ${relative(this.#root, file)}`)}\n`);
      if (left > 0) this.#write(`  … ${left} lines before\n`);
      this.#write(`${indent(lines.slice(-shownOutputLines).join('\n'))}\n`);
    }
  }

  #writeFailures() {
    for (const [index, { name, place, text }] of this.#failures.entries()) {
      this.#write(`\n${styleText('red', `Failure ${index + 1}: ${name}`)}\n`);
      if (place !== '') this.#write(`  ${styleText('dim', place)}\n`);
      this.#write(`${indent(text)}\n`);
    }
  }
}

/** What is known of one test file while it runs. */
class FileState {
  ended = 0;
  failed = 0;
  output = '';
  /** @type {Set<string>} nesting and name of what began and did not end, in that order */
  running = new Set();
  /** @type {string[]} by nesting */
  #names = [];

  /**
   * @param {string} name
   * @param {number} nesting
   */
  started(name, nesting) {
    this.#names.length = nesting;
    this.#names[nesting] = name;
  }

  /**
   * @param {string} name
   * @param {number} nesting
   */
  fullName(name, nesting) {
    const full = [...this.#names.slice(0, nesting), name].join(' › ');
    this.#names.length = nesting;
    return full;
  }
}

/**
 * @param {any} error what node:test says about a file that failed as a whole
 * @param {FileState} state
 */
function whatBroke(error, state) {
  if (error?.failureType === 'testAborted') {
    const where =
      state.running.size === 0
        ? 'its tests ended, but something keeps the process alive'
        : `this did not end: ${[...state.running].map((key) => key.slice(key.indexOf(' ') + 1)).join(' › ')}`;
    return `The file was stopped: ${error.message}; ${where}`;
  }
  const how = error?.signal ? `signal ${error.signal}` : `exit code ${error?.exitCode}`;
  return `The process ended by itself with ${how}; what it printed is above`;
}

/**
 * @param {unknown} error
 * @param {string} root
 * @returns {string} message, the value where the message hides it, the frames of our code, the causes
 */
function describeError(error, root) {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : inspect(error);
  const parts = [`${error.name === 'Error' ? '' : `${error.name}: `}${error.message}`];
  // A message of its own hides the value, but where node:assert adds the difference to it.
  if ('generatedMessage' in error && error.generatedMessage === false && !error.message.includes('\n')) {
    if ('actual' in error) parts.push(`actual: ${inspect(error.actual)}`);
  }
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line) && !line.includes('node:'));
  parts.push(...frames.map((line) => line.trim().replace('file://', '').replace(`${root}/`, '')));
  if (error.cause !== undefined) parts.push(`caused by: ${describeError(error.cause, root)}`);
  return parts.join('\n');
}

/** @param {string} text */
function indent(text) {
  return text.replaceAll(/^/gm, '  ');
}
