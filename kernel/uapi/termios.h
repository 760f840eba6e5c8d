/* SPDX-License-Identifier: BSD-3-Clause */
/* Terminals (termios(3), ioctl_tty(2)), x86-64. */
#pragma once
#include <stdint.h>

#define TERMIOS_NCCS 19

struct linux_termios { /* the kernel's layout, not libc's */
	uint32_t iflag, oflag, cflag, lflag;
	uint8_t line;
	uint8_t cc[TERMIOS_NCCS];
};

struct linux_termio { /* of System V: TCGETA */
	uint16_t iflag, oflag, cflag, lflag;
	uint8_t line;
	uint8_t cc[8];
};

struct linux_termios2 {
	struct linux_termios base;
	uint32_t ispeed, ospeed;
};

struct linux_winsize {
	uint16_t rows, columns, xpixels, ypixels;
};

enum { VINTR, VQUIT, VERASE, VKILL, VEOF, VTIME, VMIN, VSWTC, VSTART, VSTOP, VSUSP, VEOL, VREPRINT, VDISCARD, VWERASE, VLNEXT, VEOL2 };

/* iflag */
#define IGNBRK 01u
#define BRKINT 02u
#define ISTRIP 040u
#define INLCR  0100u
#define IGNCR  0200u
#define ICRNL  0400u
#define IUCLC  01000u
#define IXON   02000u
#define IXANY  04000u
#define IMAXBEL 020000u
#define IUTF8  040000u
/* oflag */
#define OPOST  01u
#define OLCUC  02u
#define ONLCR  04u
#define OCRNL  010u
#define ONOCR  020u
#define ONLRET 040u
/* cflag */
#define CBAUD_38400 017u
#define CS8	    060u
#define CREAD	    0200u
#define HUPCL	    02000u
#define CLOCAL	    04000u
/* lflag */
#define ISIG	01u
#define ICANON	02u
#define ECHO	010u
#define ECHOE	020u
#define ECHOK	040u
#define ECHONL	0100u
#define NOFLSH	0200u
#define TOSTOP	0400u
#define ECHOCTL 01000u
#define ECHOKE	04000u
#define IEXTEN	0100000u

#define TCGETS	     0x5401
#define TCSETS	     0x5402
#define TCSETSW	     0x5403
#define TCSETSF	     0x5404
#define TCGETA	     0x5405
#define TCSETA	     0x5406
#define TCSETAW	     0x5407
#define TCSETAF	     0x5408
#define TCSBRK	     0x5409
#define TCXONC	     0x540a
#define TCFLSH	     0x540b
#define TIOCEXCL     0x540c
#define TIOCNXCL     0x540d
#define TIOCSCTTY    0x540e
#define TIOCGPGRP    0x540f
#define TIOCSPGRP    0x5410
#define TIOCOUTQ     0x5411
#define TIOCSTI	     0x5412
#define TIOCGWINSZ   0x5413
#define TIOCSWINSZ   0x5414
#define TIOCMGET     0x5415
#define TIOCGSOFTCAR 0x5419
#define FIONREAD     0x541b
#define TIOCCONS     0x541d
#define FIONBIO	     0x5421
#define TIOCNOTTY    0x5422
#define TIOCSETD     0x5423
#define TIOCGETD     0x5424
#define TCSBRKP	     0x5425
#define TIOCGSID     0x5429
#define TCGETS2	     0x802c542a
#define TCSETS2	     0x402c542b
#define TCSETSW2     0x402c542c
#define TCSETSF2     0x402c542d
#define TIOCGPTN     0x80045430
#define TIOCSPTLCK   0x40045431
#define TIOCGPTLCK   0x80045439
#define TIOCGPTPEER  0x5441
#define FIONCLEX     0x5450
#define FIOCLEX	     0x5451
#define FIOASYNC     0x5452
#define FIOSETOWN    0x8901
#define SIOCSPGRP    0x8902
#define FIOGETOWN    0x8903
#define SIOCGPGRP    0x8904
#define TIOCGLCKTRMIOS 0x5456
#define TIOCSLCKTRMIOS 0x5457
#define FIOQSIZE     0x5460
