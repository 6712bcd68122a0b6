import { type Caption, centred, charactersIn, inkOf, textHeight, textWidth, wrapText } from '../charts/captions.ts';
import { drawImage } from '../data/grid.ts';
import { expectPictureSize, type Picture } from '../data/index.ts';

/** Pictures of one size, in rows and columns with captions. */
export interface CaptionedPictures {
  /** Above the columns; may be fewer. */
  readonly columns: readonly string[];
  readonly rows: readonly {
    readonly caption: string;
    readonly pictures: readonly (Picture | undefined)[];
    /** Below the pictures, one for each. */
    readonly captions?: readonly string[];
  }[];
}

/** How a captioned grid is drawn. */
export interface CaptionedGridOptions {
  /** Side of the square of pixels that one pixel becomes; so that images are at least 64 pixels wide if not given. */
  readonly scale?: number | undefined;
}

/** Images are brought to this width, and captions are written at double size from there on. */
const READABLE = 64;
const GAP = 4;
const LONGEST_ROW_CAPTION = 12;

interface Layout {
  readonly scale: number;
  readonly textScale: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly columnLines: readonly (readonly string[])[];
  readonly rowLines: readonly (readonly string[])[];
  /** Below each picture of each row; none if no row has any. */
  readonly below: readonly (readonly string[])[];
  /** Room for the captions, gaps included. */
  readonly left: number;
  readonly top: number;
  /** From one row to the next. */
  readonly pitch: number;
  /** Width of the row captions. */
  readonly rowWidth: number;
}

const longest = (lines: readonly string[]): number => Math.max(0, ...lines.map(({ length }) => length));

/** Double size if every word of the column captions fits above its column, and every row caption beside its row. */
function chooseTextScale(
  columns: readonly string[],
  rowLines: readonly (readonly string[])[],
  [cellWidth, cellHeight]: readonly [number, number],
): number {
  const limit = charactersIn(cellWidth, 2);
  const fits = columns.every((caption) => caption.split(/(?<=[ +-])/).every((word) => word.trim().length <= limit));
  const fitBeside = rowLines.every(({ length }) => textHeight(length, 2) <= cellHeight);
  return cellWidth >= READABLE && fits && fitBeside ? 2 : 1;
}

function layOut({ columns, rows }: CaptionedPictures, sample: Picture, options: CaptionedGridOptions): Layout {
  const scale = options.scale ?? Math.max(1, Math.ceil(READABLE / sample.width));
  const cellWidth = sample.width * scale;
  const cellHeight = sample.height * scale;
  const rowLines = rows.map(({ caption }) => wrapText(caption, LONGEST_ROW_CAPTION));
  const textScale = chooseTextScale(columns, rowLines, [cellWidth, cellHeight]);
  const columnLines = columns.map((caption) => wrapText(caption, charactersIn(cellWidth, textScale)));
  const rowWidth = textWidth(longest(rowLines.flat()), textScale);
  const lines = Math.max(0, ...columnLines.map(({ length }) => length));
  const below = rows.map(({ captions = [] }) => captions);
  const belowHeight = below.some(({ length }) => length > 0) ? textHeight(1, textScale) + GAP : 0;
  return {
    scale,
    textScale,
    cellWidth,
    cellHeight,
    pitch: cellHeight + belowHeight + GAP,
    columnLines,
    rowLines,
    below,
    rowWidth,
    left: rowWidth > 0 ? rowWidth + 2 * GAP : GAP,
    top: lines > 0 ? textHeight(lines, textScale) + 2 * GAP : GAP,
  };
}

/** One picture, white around images, with the captions in black above the columns and before the rows,
 *  and below the pictures.
 *  @throws ConfigError picture_too_large */
export async function composeCaptioned(grid: CaptionedPictures, options: CaptionedGridOptions = {}): Promise<Picture> {
  const sample = grid.rows.flatMap(({ pictures }) => pictures).find((picture) => picture !== undefined) as Picture;
  const layout = layOut(grid, sample, options);
  const { cellWidth, pitch, left, top } = layout;
  const count = Math.max(grid.columns.length, ...grid.rows.map(({ pictures }) => pictures.length));
  const width = left + count * (cellWidth + GAP);
  const height = top + grid.rows.length * pitch;
  expectPictureSize(width, height);
  const { channels } = sample;
  const picture = { width, height, channels, pixels: new Uint8Array(width * height * channels).fill(255) };
  await drawCaptions(picture, layout);
  for (const [row, { pictures }] of grid.rows.entries()) {
    for (const [column, image] of pictures.entries()) {
      if (!image) continue;
      drawImage(picture, image, left + column * (cellWidth + GAP), top + row * pitch, layout.scale);
    }
  }
  return picture;
}

async function drawCaptions(picture: Picture, layout: Layout): Promise<void> {
  const captions = placeCaptions(layout);
  if (captions.length === 0) return;
  const ink = await inkOf(captions, picture);
  for (const [pixel, level] of ink.entries()) {
    if (level === 0) continue;
    const at = pixel * picture.channels;
    picture.pixels.fill(255 - level, at, at + Math.min(3, picture.channels));
  }
}

function placeCaptions({
  columnLines,
  rowLines,
  below,
  left,
  top,
  pitch,
  rowWidth,
  textScale,
  cellWidth,
  cellHeight,
}: Layout): Caption[] {
  const scale = textScale;
  const columns = columnLines.flatMap((lines, column) => {
    const bottomAligned = top - GAP - textHeight(lines.length, scale);
    return centred(lines, { left: left + column * (cellWidth + GAP), top: bottomAligned, width: cellWidth, scale });
  });
  const rows = rowLines.flatMap((lines, row) => {
    const middle = Math.max(0, Math.floor((cellHeight - textHeight(lines.length, scale)) / 2));
    return centred(lines, { left: GAP, top: top + row * pitch + middle, width: rowWidth, scale });
  });
  const cells = below.flatMap((captions, row) =>
    captions.flatMap((text, column) => {
      const place = {
        left: left + column * (cellWidth + GAP),
        top: top + row * pitch + cellHeight + GAP,
        width: cellWidth,
        scale,
      };
      return centred([text], place);
    }),
  );
  return [...columns, ...rows, ...cells];
}
