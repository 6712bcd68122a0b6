import { useState } from 'preact/hooks';
import type { ServerError } from './api.ts';

/** A field whose text a button sends. The field is emptied once the text was taken; what is wrong with it is told below.
 *  @param send answers what is told once the text was taken */
export function TextForm({
  label,
  placeholder,
  maxLength,
  button,
  isReady = true,
  send,
}: {
  label: string;
  placeholder: string;
  maxLength: number;
  button: string;
  /** Whether a text could be sent now. */
  isReady?: boolean;
  send: (text: string) => Promise<string>;
}) {
  const [text, setText] = useState('');
  const [told, setTold] = useState('');
  const [problem, setProblem] = useState('');
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    send(text)
      .then((answer) => {
        setText('');
        setTold(answer);
        setProblem('');
      })
      .catch((error: ServerError) => setProblem(error.message));
  };
  return (
    <form class="note" onSubmit={submit}>
      <input
        type="text"
        aria-label={label}
        placeholder={placeholder}
        maxLength={maxLength}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button type="submit" class="button" disabled={!isReady || text.trim() === ''}>
        {button}
      </button>
      {problem ? (
        <p class="problem" role="alert">
          {problem}
        </p>
      ) : (
        <output class="soft">{told}</output>
      )}
    </form>
  );
}
