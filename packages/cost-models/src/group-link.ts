import type { Accelerator, LinkSpeed } from '@llmsim/contracts'

/**
 * The part of a node's link that a group of its devices can use among themselves.
 *
 * Behind a switch it is all of it. In a mesh each device has one direct link to each other device of
 * the node, and a group of `ranks` uses only those among itself: `(ranks - 1) / (devices - 1)` of the
 * bandwidth (AMD's CDNA 3 white paper and Intel's Gaudi white papers draw these meshes).
 *
 * @param link - all of a device's links together, in bytes per second in one direction
 * @param ranks - devices of the group
 */
export function groupLink(accelerator: Accelerator, link: LinkSpeed, ranks: number): LinkSpeed {
  const devices = accelerator.devices_per_node
  if (accelerator.scale_up.topology !== 'mesh' || ranks <= 1 || ranks >= devices) return link
  const share = (ranks - 1) / (devices - 1)
  return { ...link, bandwidthBytesPerSecond: link.bandwidthBytesPerSecond * share }
}
