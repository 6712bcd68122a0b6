import { useEffect, useState } from 'preact/hooks';
import { post, type ServerError } from './api.ts';

/** What can be asked of the process that trains a run. */
export function Controls({ id }: { id: string }) {
  const [told, setTold] = useState('');
  const [isAsking, setAsking] = useState(false);
  // A question that nobody answers is taken back.
  useEffect(() => {
    if (!isAsking) return undefined;
    const timer = setTimeout(() => setAsking(false), 5000);
    return () => clearTimeout(timer);
  }, [isAsking]);
  const ask = (request: 'stop' | 'sample', answer: string): void => {
    setAsking(false);
    post(request, { id })
      .then(() => setTold(answer))
      .catch((error: ServerError) => setTold(error.message));
  };
  return (
    <div class="controls">
      <button type="button" class="button" onClick={() => ask('sample', 'It draws samples after this step.')}>
        Draw samples now
      </button>
      {isAsking ? (
        <button type="button" class="button danger" onClick={() => ask('stop', 'It saves and stops after this step.')}>
          Yes, save and stop
        </button>
      ) : (
        <button type="button" class="button" onClick={() => setAsking(true)}>
          Stop and save
        </button>
      )}
      <output class="soft">{told}</output>
    </div>
  );
}
