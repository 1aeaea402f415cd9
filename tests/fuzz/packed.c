#include "tests/fuzz/packed.h"

#include <unistd.h>

#include "lib/crc.h"

const char *const packers[PACKERS] = {
    "xz -6 --check=crc32",   "xz --x86 --lzma2=preset=1 --check=none", "gzip -9n", "zstd -q -19",
    "zstd -q -1 --no-check",
};

uint8_t *pack(unsigned int packer, const void *data, size_t size, size_t *packed_size)
{
    char in[] = "/tmp/fuzz-in-XXXXXX", out[] = "/tmp/fuzz-out-XXXXXX", line[256];
    int in_fd = mkstemp(in), out_fd = mkstemp(out);
    uint8_t *packed;

    require(in_fd >= 0 && out_fd >= 0 && write(in_fd, data, size) == (ssize_t)size);
    snprintf(line, sizeof(line), "%s < %s > %s", packers[packer], in, out);
    if ( system(line) )
        fail_now("cannot run: %s", line);
    packed = host_test_read_file(out, packed_size);
    require(packed);
    close(in_fd);
    close(out_fd);
    unlink(in);
    unlink(out);
    return packed;
}

#define STREAM_HEADER 12

static void put_crc(uint8_t *to, const uint8_t *data, size_t size)
{
    static struct crc32_table table;
    uint32_t crc;

    if ( !table.of[0][1] )
        crc32_init(&table);
    crc = crc32(&table, 0, data, size);
    memcpy(to, &crc, sizeof(crc));
}

void repair_xz(uint8_t *data, size_t size)
{
    size_t block;

    if ( size <= STREAM_HEADER || memcmp(data,
                                         "\xfd"
                                         "7zXZ",
                                         6) )
        return;
    put_crc(data + 8, data + 6, 2);
    block = (data[STREAM_HEADER] + 1) * 4U;
    if ( block >= 8 && block <= size - STREAM_HEADER )
        put_crc(data + STREAM_HEADER + block - 4, data + STREAM_HEADER, block - 4);
}
