/* SPDX-License-Identifier: BSD-3-Clause */
/* Networks that need rights: taps and bridges. Without them nat and networks among machines still work. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/doctor/check.h"
#include "dory/network/bridge_helper.h"

void check_tap(struct examination *e)
{
	if (access("/dev/net/tun", R_OK | W_OK) == 0)
		examination_tell(e, DOCTOR_OK,
			text_copy(geteuid() == 0 ? "/dev/net/tun may be used" : "/dev/net/tun is there; taps of this user can be opened"), NULL);
	else
		examination_tell(e, DOCTOR_WARNING, text_format("/dev/net/tun cannot be used: %s", strerror(errno)),
			text_copy("Only -n tap and -n bridge need it. Load the module: modprobe tun"));
}

void check_bridge(struct examination *e)
{
	const char *helper = bridge_helper_find();
	struct stat st;

	if (geteuid() == 0)
		examination_tell(e, DOCTOR_OK, text_copy("root joins bridges without a helper"), NULL);
	else if (!helper)
		examination_tell(e, DOCTOR_WARNING, text_copy("QEMU's bridge helper is not installed"),
			text_copy("Only -n bridge needs it. Install QEMU's package, or name the helper by DORY_BRIDGE_HELPER."));
	else if (stat(helper, &st) == 0 && !(st.st_mode & S_ISUID))
		examination_tell(e, DOCTOR_WARNING, text_format("%s has no right to make interfaces", helper),
			text_format("Only -n bridge needs it. Let root give it the right: chmod u+s %s", helper));
	else if (access("/etc/qemu/bridge.conf", F_OK) < 0)
		examination_tell(e, DOCTOR_WARNING, text_copy("/etc/qemu/bridge.conf, which names the bridges allowed, is not there"),
			text_copy("Only -n bridge needs it. Let root allow a bridge there: allow br0"));
	else
		examination_tell(e, DOCTOR_OK, text_copy(helper), NULL);
}
