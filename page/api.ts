import type {
  FoundLatent,
  LatentInfo,
  LatentRequest,
  OutputHistory,
  Problem,
  RunDetail,
  SampleGridEntry,
  SearchReport,
  SeriesReply,
  SeriesRequest,
} from '../src/watch/protocol.ts';

/** An answer of the server that something cannot be done. */
export class ServerError extends Error {
  readonly code: string;

  constructor({ code, message }: Problem) {
    super(message);
    this.code = code;
  }
}

const query = (parameters: Readonly<Record<string, string | number | undefined>>): URLSearchParams =>
  new URLSearchParams(
    Object.entries(parameters).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );

// Every address is relative, so that the token, which is part of the page's own, need not be known here.
async function answerOf<T>(response: Promise<Response>): Promise<T> {
  const answer = await response.catch(() => undefined);
  if (!answer) throw new ServerError({ code: 'gone', message: 'gannet watch does not answer; is it still running?' });
  const body = await answer.json();
  if (!answer.ok) throw new ServerError(body as Problem);
  return body as T;
}

export const fetchRun = (id: string): Promise<RunDetail> => answerOf(fetch(`api/run?${query({ id })}`));

export function fetchSeries(id: string, { names, ...request }: SeriesRequest): Promise<SeriesReply> {
  const parameters = query({ id, ...request });
  for (const name of names) parameters.append('name', name);
  return answerOf(fetch(`api/series?${parameters}`));
}

/** What the discriminator of a run said of images. */
export const fetchOutputHistory = (id: string): Promise<OutputHistory> =>
  answerOf(fetch(`api/histograms?${query({ id })}`));

/** The address of a grid's PNG. */
export const gridAddress = (id: string, { step, version }: SampleGridEntry): string =>
  `api/grid?${query({ id, step, version })}`;

/** The latent space of a run's checkpoint. */
export const fetchSpace = (id: string, step: number): Promise<LatentInfo> =>
  answerOf(fetch(`api/latents?${query({ id, step })}`));

/** Latents of a seed. */
export const fetchDraws = (id: string, step: number, seed: number, count: number): Promise<number[][]> =>
  answerOf(fetch(`api/latents/draw?${query({ id, step, seed, count })}`));

/** The PNG of a latent. */
export async function fetchPicture(id: string, request: LatentRequest): Promise<Blob> {
  const answer = await send('latents/picture', { id, ...request });
  if (!answer.ok) throw new ServerError((await answer.json()) as Problem);
  return answer.blob();
}

/** The latent of a picture that is sent, searched by the server. @param onProgress is told which part is done */
export async function searchLatent(
  id: string,
  request: Pick<LatentRequest, 'step' | 'class' | 'place'>,
  picture: Blob,
  onProgress: (part: number) => void,
): Promise<FoundLatent> {
  const answer = await fetch(`api/latents/project?${query({ id, ...request })}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/octet-stream' },
    body: picture,
  });
  if (!answer.ok || !answer.body) throw new ServerError((await answer.json()) as Problem);
  for await (const report of reportsOf(answer.body)) {
    if ('found' in report) return report.found;
    if ('problem' in report) throw new ServerError(report.problem);
    onProgress(report.done / report.total);
  }
  throw new ServerError({ code: 'gone', message: 'the search has ended without a result' });
}

async function* reportsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<SearchReport> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
    rest = lines.pop() as string;
    for (const line of lines) yield JSON.parse(line) as SearchReport;
  }
}

/** Sends a request that changes something. */
export const post = <T>(path: string, body: object): Promise<T> => answerOf(send(path, body));

const send = (path: string, body: object): Promise<Response> =>
  fetch(`api/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
