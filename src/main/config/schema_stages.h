// The tables of the stages and of what serves them.

#pragma once

#include "main/config/schema.h"

namespace veredus::config {

Section accept_section();
Section submission_section();
Section accounts_section();
Section queue_section();
Section deliver_section();
Section notice_section();
Section reason_sections();
Section trace_section();
Section dns_section();
Section log_section();
Section process_section();
Section sendmail_section();

}  // namespace veredus::config
