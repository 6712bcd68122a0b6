import { useState } from 'preact/hooks';
import type { Latent } from '../../src/explore/vectors.ts';

/** The kind of what a dragged picture carries. It holds the number of numbers, since a page may read no more than kinds before the drop: a picture
 *  of another latent space cannot be dropped. */
const kindOf = (size: number): string => `application/x-gannet-latent-${size}`;

/** Gives a picture that begins to be dragged its latent to carry. */
export const carry = ({ dataTransfer }: DragEvent, latent: Latent): void =>
  dataTransfer?.setData(kindOf(latent.length), latent.join());

/** The latent that a picture carries which was dropped; undefined of anything else, and of a latent of another size. */
export function carriedLatent({ dataTransfer }: DragEvent, size: number): Latent | undefined {
  const numbers = dataTransfer?.getData(kindOf(size));
  return numbers ? Float64Array.from(numbers.split(','), Number) : undefined;
}

/** What makes an element take pictures that are dropped on it. */
export interface Drop {
  /** Whether a picture is dragged over it. */
  readonly isOver: boolean;
  readonly handlers: Readonly<Record<'onDragOver' | 'onDragLeave' | 'onDrop', (event: DragEvent) => void>>;
}

/** Lets an element take dropped pictures whose latents have `size` numbers. */
export function useDrop(size: number, take: (latent: Latent) => void): Drop {
  const [isOver, setIsOver] = useState(false);
  return {
    isOver,
    handlers: {
      onDragOver: (event) => {
        if (!event.dataTransfer?.types.includes(kindOf(size))) return;
        event.preventDefault();
        setIsOver(true);
      },
      onDragLeave: () => setIsOver(false),
      onDrop: (event) => {
        setIsOver(false);
        const latent = carriedLatent(event, size);
        if (!latent) return;
        event.preventDefault();
        take(latent);
      },
    },
  };
}
