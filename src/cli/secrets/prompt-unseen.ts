import { StringDecoder } from 'node:string_decoder';

const [interrupt, endOfInput, backspace, erase, eraseLine] = ['\u0003', '\u0004', '\u0008', '\u007F', '\u0015'];

/** Asks at the terminal for a line that is not shown. Undefined when the person leaves (Ctrl-C, Ctrl-D). */
export async function promptUnseen(question: string): Promise<string | undefined> {
  const { stdin, stderr } = process;
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.resume();
  const decoder = new StringDecoder('utf8');
  try {
    return await new Promise<string | undefined>((resolve) => {
      let line = '';
      const onData = (chunk: Buffer) => {
        for (const character of decoder.write(chunk)) {
          const isOver = character === '\r' || character === '\n';
          if (isOver || character === interrupt || character === endOfInput) {
            stdin.off('data', onData);
            resolve(isOver ? line : undefined);
            return;
          }
          if (character === eraseLine) line = '';
          else if (character === backspace || character === erase) line = line.replace(/.$/su, '');
          else line += character;
        }
      };
      stdin.on('data', onData);
    });
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}
